import Sequencer from '@jest/test-sequencer';

/** jest's own order (failed last time, then longest first), with the fast project before the others. */
export default class FastFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isFast = (test) => test.context.config.displayName?.name === 'fast';
    return [...sorted.filter(isFast), ...sorted.filter((test) => !isFast(test))];
  }
}
