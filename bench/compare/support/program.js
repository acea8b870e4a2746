// SPDX-License-Identifier: Apache-2.0
// What the programs for Node share: arguments, clock, the one line of output (support/program.hpp). One thread runs
// JavaScript, so more workers are refused.
'use strict';

const now = () => Number(process.hrtime.bigint());

function parse() {
  const [, , workers, size, variant = ''] = process.argv;
  if (size === undefined) {
    console.error('usage: PROGRAM WORKERS SIZE [VARIANT]');
    process.exit(2);
  }
  if (workers !== '1') cannot();
  return { size: Number(size), variant };
}

function cannot() {
  process.exit(3);
}

function require_(right, what) {
  if (right) return;
  console.error(`wrong result: ${what}`);
  process.exit(1);
}

function report(operations, begin) {
  console.log(`operations=${operations} seconds=${((now() - begin) / 1e9).toFixed(9)}`);
}

function reportTimes(microseconds) {
  microseconds.sort((a, b) => a - b);
  const points = [];
  for (let percent = 0; percent <= 100; ++percent) {
    points.push(microseconds[Math.floor(((microseconds.length - 1) * percent) / 100)].toFixed(1));
  }
  console.log(`operations=${microseconds.length} percentiles_us=${points.join(',')}`);
}

// The values f(0) to f(n - 1).
const times = (n, f) => Array.from({ length: n }, (_, i) => f(i));

// xorshift64: the same sequence in every language.
class Random {
  #state = 88172645463325252n;
  below(bound) {
    const mask = (1n << 64n) - 1n;
    this.#state ^= (this.#state << 13n) & mask;
    this.#state ^= this.#state >> 7n;
    this.#state ^= (this.#state << 17n) & mask;
    return Number(this.#state % BigInt(bound));
  }
}

module.exports = { now, parse, cannot, require: require_, report, reportTimes, times, Random };
