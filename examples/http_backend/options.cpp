// SPDX-License-Identifier: Apache-2.0
// The command line: one line of the table for each option.
#include "options.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include "whole_number.hpp"

namespace http_backend {

const std::string_view usage = R"(http_backend: an HTTP/1.1 server whose requests are charkha tasks

  --address A           the address to listen on; default 127.0.0.1
  --port N              the port, 0 for a free one; default 8080
  --workers N           worker threads, 0 for one a processor; default 0
  --deadline-ms N       a request that takes longer is cancelled and answered 504; default 2000
  --idle-ms N           a client that sends or takes nothing for so long is disconnected; default 10000
  --max-connections N   connections at a time, more have to wait; default 1000
  --help                this text

  GET /sleep?ms=N       waits N milliseconds
  GET /fib?n=N          the N-th Fibonacci number, computed the long way on all workers
  GET /fanout?n=N       asks N shards side by side and adds up what they say

SIGTERM or SIGINT drains it: no new connections, the requests in flight are answered, exit code 0.
)";

namespace {

std::int64_t number(std::string_view name, std::string_view value, std::int64_t least, std::int64_t most) {
  if (const auto given = whole_number(value, least, most)) return *given;
  throw option_error(std::string(name) + " takes a number from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", not '" + std::string(value) + "'");
}

asio::ip::address ip_address(std::string_view name, std::string_view value) {
  std::error_code error;
  auto address = asio::ip::make_address(value, error);
  if (!error) return address;
  throw option_error(std::string(name) + " takes an IP address such as 127.0.0.1 or ::1, not '" + std::string(value) +
                     "'");
}

constexpr std::int64_t an_hour = 3'600'000;

using text = std::string_view;
struct option {
  text name;
  void (*set)(options& settings, text name, text value);
};
constexpr std::array known{
    option{"--address", [](options& settings, text name, text value) { settings.address = ip_address(name, value); }},
    option{"--port", [](options& settings, text name,
                        text value) { settings.port = static_cast<std::uint16_t>(number(name, value, 0, 65'535)); }},
    option{"--workers", [](options& settings, text name,
                           text value) { settings.workers = static_cast<int>(number(name, value, 0, 1024)); }},
    option{"--deadline-ms",
           [](options& settings, text name, text value) {
             settings.deadline = std::chrono::milliseconds(number(name, value, 1, an_hour));
           }},
    option{"--idle-ms", [](options& settings, text name,
                           text value) { settings.idle = std::chrono::milliseconds(number(name, value, 1, an_hour)); }},
    option{"--max-connections",
           [](options& settings, text name, text value) {
             settings.max_connections = static_cast<std::size_t>(number(name, value, 1, 100'000));
           }},
};

}  // namespace

options parse_options(std::span<const char* const> arguments) {
  options settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      settings.help = true;
      continue;
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    const auto* const found = std::ranges::find(known, name, &option::name);
    if (found == known.end()) throw option_error("there is no option '" + std::string(name) + "'");
    if (equals != text::npos) {
      found->set(settings, name, argument.substr(equals + 1));
    } else {
      if (++i == arguments.size()) throw option_error(std::string(name) + " needs a value");
      found->set(settings, name, arguments[i]);
    }
  }
  return settings;
}

}  // namespace http_backend
