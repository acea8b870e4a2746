// SPDX-License-Identifier: Apache-2.0
// Starts SIZE async functions, holds their promises, then awaits each. Each begins after its creator, as a task would.
'use strict';
const program = require('../support/program.js');

async function give(value) {
  await null;
  return value;
}

async function main() {
  const { size } = program.parse();
  const begin = program.now();
  let sum = 0;
  for (const promise of program.times(size, give)) sum += await promise;
  program.report(size, begin);
  program.require(sum === (size * (size - 1)) / 2, 'sum');
}

main();
