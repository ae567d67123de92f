import type { Manifest } from '../store/repository/manifest.ts';
import { PAYLOAD_FILE } from '../store/repository/paths.ts';

type Described = Omit<Manifest, 'proofSha256' | 'guideSha256'>;

/** RESTORE.md of a dump, and of what lies beside the database: by stock tools alone. */
export function contentGuide(manifest: Described): string {
  const { id, kind, engine, serverUuid, site, serverVersion, startedAt, from, to } = manifest;
  const recipients = manifest.recipients
    .map(({ name, recipient }) => `- ${name}: \`${recipient}\``)
    .join('\n');
  const what =
    kind === 'logical'
      ? `A dump in SQL of \`${engine}-${serverUuid}\` (${serverVersion}) of \`${site}\`, begun ${startedAt}: one transaction between ${from} and ${to}.`
      : `Configuration, logs and Redis beside \`${serverUuid}\` of \`${site}\`, begun ${startedAt}. Files are of the moment at which each was read.`;
  return `# Restoring backup ${id}

${what}

KEY is the private key file of one of the recipients:

${recipients}

\`\`\`sh
echo '${manifest.cipher.sha256}  ${PAYLOAD_FILE}' | sha256sum -c
${kind === 'logical' ? loadCommand(engine) : FILES_COMMAND}
\`\`\`

${kind === 'logical' ? LOAD_REMARK : FILES_REMARK}
The tar inside has ${manifest.plain.sizeBytes} bytes, SHA-256 ${manifest.plain.sha256}.
`;
}

function loadCommand(engine: string): string {
  const open = `age -d -i KEY ${PAYLOAD_FILE} | zstd -d | tar x --to-stdout`;
  if (engine === 'postgres')
    return `createdb DATABASE\n${open} | psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction DATABASE`;
  const client = engine === 'mariadb' ? 'mariadb' : 'mysql';
  return `${client} -e 'create database DATABASE'\n${open} | ${client} DATABASE`;
}

const LOAD_REMARK =
  'DATABASE is a new one, of any name: the dump names none. Owners and grants are not in it.\n';

const FILES_COMMAND = `mkdir -m 700 FOLDER
age -d -i KEY ${PAYLOAD_FILE} | zstd -d | tar x -C FOLDER
(cd FOLDER && sha256sum -c SHA256SUMS)`;

const FILES_REMARK = `Paths are those of the installation. \`secrets/\` and \`.env\` go back to their places with mode 0600. \`redis.rdb\`, when it is there,
goes into the folder of a stopped Redis as its \`dbfilename\` (with \`appendonly no\` for the first start).
`;
