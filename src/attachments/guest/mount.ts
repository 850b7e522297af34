/** What mount(8) needs in a guest: for the commands that a user runs there, and for the list that its agent reads. */
import type { ExportedAs } from '../attachment.ts';

/** The type, the source of each export location, and the options except `ro` and `rw`. */
export interface Mount {
  readonly type: string;
  readonly sources: string[];
  readonly options: string[];
}

/** How the mount proves that it may read the share. */
export interface MountLogin {
  /** The address, user or CephX name of the access rule; undefined before there is one. */
  readonly accessTo: string | undefined;
  /** Whether mount.cifs can ask a user for the password; else it reads a file. */
  readonly isAttended: boolean;
  /** The CephX key itself, in place of the file that holds it. */
  readonly key?: string | undefined;
}

/** The mount of a share by an access rule; null for a protocol that the gateway does not attach. */
export function mountOf({ protocol, paths, fileSystem }: ExportedAs, login: MountLogin): Mount | null {
  switch (protocol) {
    case 'NFS':
      // without `vers`, client and server negotiate the newest version of both; some back ends have only 3
      return { type: 'nfs', sources: paths, options: [] };
    case 'CIFS': {
      // mount.cifs passes the path to the kernel as one of its options: a comma in it would begin another one
      const sources = paths.filter((path) => !path.includes(',')).map((path) => path.replaceAll('\\', '/'));
      return { type: 'cifs', sources, options: cifsLogin(login) };
    }
    case 'CEPHFS':
      if (login.accessTo === undefined) return null;
      return {
        type: 'ceph',
        sources: paths,
        options: [...cephxLogin(login.accessTo, login.key), ...(fileSystem === null ? [] : [`fs=${fileSystem}`])],
      };
    default:
      return null;
  }
}

function cifsLogin({ accessTo, isAttended }: MountLogin): string[] {
  if (accessTo === undefined) return [];
  return [isAttended ? `username=${accessTo}` : `credentials=/etc/cifs/${accessTo}.credentials`];
}

/** The file is where Ceph's documentation keeps the key, for the user to create from the rule's `accessKey`. */
function cephxLogin(name: string, key: string | undefined): string[] {
  return [`name=${name}`, key === undefined ? `secretfile=/etc/ceph/${name}.secret` : `secret=${key}`];
}
