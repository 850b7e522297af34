import { ApiError } from './http.ts';

/** Parses `2.x` and returns x. Throws 400 if malformed, 406 if out of range. */
export function parseMicroversion(text: string, lowest: number, highest: number): number {
  const parts = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (!parts) {
    const form = 'Must be of format MajorNum.MinorNum.';
    throw new ApiError(400, 'badRequest', `API Version String ${text} is of invalid format. ${form}`);
  }
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major !== 2 || minor < lowest || minor > highest) {
    const range = `Minimum is 2.${lowest} and maximum is 2.${highest}.`;
    throw new ApiError(406, 'computeFault', `Version ${text} is not supported by the API. ${range}`);
  }
  return minor;
}
