// SPDX-License-Identifier: Apache-2.0
// What is read out of a query, and what is said about one that makes no sense.
#include "parameters.hpp"

#include <doctest/doctest.h>

#include <string>

using http_backend::bad_request;
using http_backend::parameters;

TEST_CASE("a number is found among other parameters") {
  const parameters given("a=1&n=42&b=");
  CHECK(given.number("n", 0, 100) == 42);
  CHECK(given.number("a", 1, 1) == 1);
}

TEST_CASE("both ends of the range belong to it") {
  CHECK(parameters("n=0").number("n", 0, 50) == 0);
  CHECK(parameters("n=50").number("n", 0, 50) == 50);
  CHECK(parameters("n=-3").number("n", -3, 50) == -3);
  CHECK_THROWS_AS((void)parameters("n=51").number("n", 0, 50), bad_request);
  CHECK_THROWS_AS((void)parameters("n=-1").number("n", 0, 50), bad_request);
}

TEST_CASE("names and values may be percent-encoded") {
  CHECK(parameters("%6e=%34%32").number("n", 0, 50) == 42);
  CHECK(parameters("m%73=7").number("ms", 0, 50) == 7);
}

TEST_CASE("what is no number is refused") {
  for (const char* const query :
       {"n=", "n", "n=x", "n=1x", "n=+1", "n=%2B1", "n= 1", "n=1+", "n=1.5", "n=0x10", "n=1e3", "n=--1", "n=%", "n=%3",
        "n=%zz", "n=%3x", "n=99999999999999999999", "n=1%00"}) {
    CAPTURE(query);
    CHECK_THROWS_AS((void)parameters(query).number("n", 0, 50), bad_request);
  }
}

TEST_CASE("a missing parameter is refused") {
  for (const char* const query : {"", "&", "&&&", "m=1", "N=1", "=1", "nn=1", "%=1"}) {
    CAPTURE(query);
    CHECK_THROWS_WITH_AS((void)parameters(query).number("n", 0, 50),
                         "parameter 'n' is missing; give it as a number from 0 to 50", bad_request);
  }
}

TEST_CASE("a parameter that is given twice is refused, even when both say the same") {
  CHECK_THROWS_WITH_AS((void)parameters("n=1&n=1").number("n", 0, 50),
                       "parameter 'n' is given more than once; give it once, as a number from 0 to 50", bad_request);
}

TEST_CASE("the sentence says what is wrong and what is allowed") {
  CHECK_THROWS_WITH_AS((void)parameters("n=ten").number("n", 0, 50),
                       "parameter 'n' must be a number from 0 to 50, not 'ten'", bad_request);
}

TEST_CASE("a long value is not sent back whole") {
  try {
    static_cast<void>(parameters("n=" + std::string(8'000, '7')).number("n", 0, 50));
    FAIL("it was taken for a number");
  } catch (const bad_request& error) {
    CHECK(std::string(error.what()).size() < 120);
  }
}
