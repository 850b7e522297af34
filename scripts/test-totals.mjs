import { readFileSync } from 'node:fs';

/** What one jest run says of itself; a run that left no report, or a file that did not run, counts as a failure. */
function totals(file) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

// Adds up the reports (jest --json --outputFile) named on the command line.
const runs = process.argv.slice(2).map(totals);
const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
