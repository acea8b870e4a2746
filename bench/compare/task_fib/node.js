// SPDX-License-Identifier: Apache-2.0
// fib(SIZE) with an async function for each call, which begins after its creator, as a task would.
'use strict';
const program = require('../support/program.js');

async function fib(n) {
  await null;
  if (n < 2) return n;
  const left = fib(n - 1);
  const right = fib(n - 2);
  return (await left) + (await right);
}

async function main() {
  const { size } = program.parse();
  const begin = program.now();
  const value = await fib(size);
  let [here, next] = [0, 1];
  for (let i = 0; i < size; ++i) [here, next] = [next, here + next];
  program.report(2 * next - 1, begin);
  program.require(value === here, 'fib');
}

main();
