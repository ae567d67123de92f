import { type DirectorySettings, directoryStore } from './directory.ts';
import type { S3Settings } from './s3/settings.ts';
import { s3Store } from './s3.ts';
import { type SftpSettings, sftpStore } from './sftp.ts';
import type { Store } from './store.ts';

export type StoreSettings =
  | ({ readonly kind: 'directory' } & DirectorySettings)
  | ({ readonly kind: 'sftp' } & SftpSettings)
  | ({ readonly kind: 's3' } & S3Settings);

/** Opens nothing yet: a store connects when it is first used. A new kind is a file beside this one and a line here. */
export function storeOf(settings: StoreSettings): Store {
  switch (settings.kind) {
    case 'directory':
      return directoryStore(settings);
    case 'sftp':
      return sftpStore(settings);
    case 's3':
      return s3Store(settings);
  }
}
