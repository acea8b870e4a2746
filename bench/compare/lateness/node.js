// SPDX-License-Identifier: Apache-2.0
// SIZE timers of 1 to 100 ms, all set at once: how late each fires. They count whole milliseconds.
'use strict';
const { setTimeout: sleep } = require('timers/promises');
const program = require('../support/program.js');

async function main() {
  const { size } = program.parse();
  const random = new program.Random();
  const pauses = program.times(size, () => 1 + random.below(100));
  program.reportTimes(
    await Promise.all(
      pauses.map(async (pause) => {
        const begin = program.now();
        await sleep(pause);
        return (program.now() - begin) / 1e3 - pause * 1e3;
      }),
    ),
  );
}

main();
