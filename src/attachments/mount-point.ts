import { GatewayError } from '../errors.ts';

/** A mount point as the records keep it: an absolute POSIX path of at most 255 characters without `..`, NUL or other control characters, no doubled or trailing slash. Throws BAD_USER_INPUT. */
export function checkMountPoint(path: string): string {
  const isValid =
    path.startsWith('/') && path.length <= 255 && !/\p{Cc}/u.test(path) && !path.split('/').includes('..');
  const canonical = `/${path
    .split('/')
    .filter((part) => part && part !== '.')
    .join('/')}`;
  if (isValid && canonical !== '/') return canonical;
  throw new GatewayError(
    'BAD_USER_INPUT',
    `mountPoint: expected an absolute path below / of at most 255 characters without "..", got ${JSON.stringify(path.slice(0, 300))}`,
  );
}
