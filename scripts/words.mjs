import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

// Part of `npm run lint`: words that this project once used for things that have a name in their field. Each row is what
// to find (case matters) and what to write instead.

const WORDS = [
  [
    /[Pp]atience|PATIENCE|\bdear(er)?\b|refuseDear|tooDear/,
    'deadline (startDeadline, withTimeout); expensive, costError',
  ],
  [/[Cc]ompany|\brealm\b/, 'singleFlight, visibilityKey'],
  [/bequeath|\bheirs?\b/, 'transferRules, newOwner (ownership, reference count)'],
  [/[Bb]ehind (our|their|its|the gateway's) backs?\b/, 'drift, drift detection'],
  [/\btold\b/, 'reported, logged, published, shown; or name the noun that it holds'],
  [/\b([Ss]omebody|[Nn]obody|[Ww]hoever)\b/, 'the noun: a user, a client, another gateway, no caller'],
  [/\b[tT]he wish\b|\bWISH\b/, 'the request, preconditions, desired (state)'],
  [/\bOvertaken\b/, 'LeaseLost'],
  [/\bgiveUpPlace\b/, 'releaseSlot'],
  [/\bmayTell\b|\bletGo\b/, 'isLeader, resign'],
  [/\bat the most\b|\band the like\b|\bof its own accord\b/, 'at most; such as; automatically'],
  [/\bVisit\b|headOf/, 'AuthenticatedRequest, statusAndHeaders'],
  [/lookAt\b|lookUnseen|lookAgain/, 'observe, reconcileRecord, probeUnlisted, requeueSoon'],
  [/onePass\b|newPass\b/, 'reconcileOne, ReconcileContext'],
  [/\b[dD]oors?\b/, 'transport; ServiceApi'],
  [/\bNOBODY/, 'NO_TOKEN_RETRY_MS'],
  [/\bSeen[A-Z]/, 'Observed…, AttachmentView'],
  [/\bPlace\b/, 'ValidatedToken, PageCursor, location, paths'],
  [/\bLASTING\b|\brevive\b/, 'DURABLE, reconnectOnEnd'],
  [/\bFollower\b|\bFeed\b|\b[uU]nfollow/, 'Subscriber, LogSubscription (pub/sub)'],
  [/\bliveOf\b|\bnextNow\b/, 'EventStream, poll'],
  [/\bSTAND_IN\b/, 'REQUEST_ID_PLACEHOLDER'],
  [/\bNOT_PASSED\b/, 'HOP_BY_HOP_HEADERS (RFC 9110)'],
  [/\bmayPass\b|\bbadAnswer\b/, 'isTransient, invalidResponse'],
  [/compilable|\bisEndless\b/, 'jit/supported, isRecursiveInput'],
  [/\bsameWish\b|\bcheckSameWish\b|\bShareWish\b/, 'assertSameRequest, preconditions, desired (state)'],
  [/\bStrays\b/, 'handleUncaughtErrors'],
  [/\breadFacts\b/, 'readObservedState'],
];

const ROOTS = ['src', 'test', 'schema', 'docs', 'bench', 'examples', 'web', 'scripts', 'README.md', 'CONTRIBUTING.md'];
const KINDS = new Set(['.ts', '.tsx', '.mjs', '.graphql', '.lua', '.md', '.css']);
/** Recorded messages of other programs, and their packages; this list itself. */
const EXCEPT = new Set([
  join('test', 'fixtures'),
  join('test', 'clients', 'node_modules'),
  join('scripts', 'words.mjs'),
]);

function* filesIn(path) {
  if (EXCEPT.has(path)) return;
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) yield* filesIn(join(path, name));
  else if (KINDS.has(extname(path))) yield path;
}

let found = 0;
for (const file of ROOTS.flatMap((root) => [...filesIn(root)])) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    for (const [word, instead] of WORDS) {
      const match = word.exec(line);
      if (!match) continue;
      process.stderr.write(`${file}:${index + 1}: "${match[0]}", better: ${instead}\n`);
      found++;
    }
  }
}
process.exitCode = found === 0 ? 0 : 1;
