// SPDX-License-Identifier: Apache-2.0
// SIZE async functions that sleep 10 s each; with the variant "brief" 2 s, with "random" between 1 and 10 s.
'use strict';
const { setTimeout: sleep } = require('timers/promises');
const program = require('../support/program.js');

async function main() {
  const { size, variant } = program.parse();
  const random = new program.Random();
  const longest = variant === 'brief' ? 2000 : 10000;
  const begin = program.now();
  const sleepers = program.times(size, () => sleep(variant === 'random' ? 1000 + random.below(9001) : longest));
  for (const sleeper of sleepers) await sleeper;
  const seconds = (program.now() - begin) / 1e9;
  console.log(`operations=${size} seconds=${seconds.toFixed(9)} beyond_ms=${(seconds * 1e3 - longest).toFixed(1)}`);
}

main();
