import type { Manifest } from '../store/repository/manifest.ts';
import { PAYLOAD_FILE } from '../store/repository/paths.ts';

/** RESTORE.md of one backup: how to open it without ompay. The commands are tested as they stand here. */
export function restoreGuide(manifest: Omit<Manifest, 'proofSha256' | 'guideSha256'>): string {
  const recipients = manifest.recipients
    .map(({ name, recipient }) => `- ${name}: \`${recipient}\``)
    .join('\n');
  return `# Restoring backup ${manifest.id}

The database \`${manifest.engine}-${manifest.serverUuid}\` of the site \`${manifest.site}\`, ${manifest.serverVersion},
copied ${manifest.method === 'online' ? 'while it served' : 'while it was stopped'}, from ${manifest.startedAt} to ${manifest.finishedAt}, consistent at ${manifest.to}.

It opens with stock tools (age, zstd, tar). KEY is the private key file of one of the recipients:

${recipients}

\`\`\`sh
echo '${manifest.cipher.sha256}  ${PAYLOAD_FILE}' | sha256sum -c
mkdir -m 700 FOLDER
age -d -i KEY ${PAYLOAD_FILE} | zstd -d | tar x -C FOLDER
\`\`\`

The tar inside has ${manifest.plain.sizeBytes} bytes, SHA-256 ${manifest.plain.sha256}.

FOLDER is then a data folder. Start ${manifest.serverVersion} on it, nothing older, without removing any file:
${
  manifest.method === 'online'
    ? '`backup_label` tells it to replay the log that is included, up to the moment of the backup.'
    : 'it replays the log that is included, as after any stop.'
}

proof.json says what the copy answered when it was started for proof, before this backup was published.
`;
}
