// SPDX-License-Identifier: Apache-2.0
#include "trace.hpp"

#include <link.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>

namespace charkha::model {

namespace {

struct source_line {
  std::string file;
  unsigned line = 0;
  std::string text;
};

std::uintptr_t load_address() {
  std::uintptr_t base = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
        return 1;  // the program itself comes first
      },
      &base);
  return base;
}

bool is_library(const std::string& path) {
  return path.find("/model/checker/") != std::string::npos || path.find("/include/c++/") != std::string::npos ||
         path.empty() || path[0] == '?';
}

std::string read_line(const std::string& path, unsigned number) {
  std::ifstream file(path);
  std::string text;
  while (number-- > 0 && std::getline(file, text)) {
  }
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

// addr2line gives a line for each function inlined there, innermost first; the first of ours is what a reader wants.
source_line look_up(const void* code) {
  static std::map<const void*, source_line> known;
  const auto [entry, fresh] = known.try_emplace(code);
  source_line& found = entry->second;
  if (!fresh) return found;
  const auto address = reinterpret_cast<std::uintptr_t>(code) - load_address() - 1;
  std::ostringstream command;
  command << "addr2line -i -e /proc/" << getpid() << "/exe 0x" << std::hex << address << " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.str().c_str(), "r"), &pclose);
  if (!output) return found;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, output.get()) != nullptr) {
    const std::string line(buffer);
    const auto colon = line.rfind(':');
    if (colon == std::string::npos || is_library(line.substr(0, colon))) continue;
    found.file = line.substr(0, colon);
    found.line = static_cast<unsigned>(std::strtoul(line.c_str() + colon + 1, nullptr, 10));
    found.text = read_line(found.file, found.line);
    break;
  }
  return found;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

const char* name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

std::string value_text(std::uint64_t value) {
  std::ostringstream out;
  const auto back = static_cast<std::int64_t>(value);
  if (back > -100'000 && back < 100'000) {
    out << back;
  } else {
    out << "0x" << std::hex << value;
  }
  return out.str();
}

}  // namespace

const trace::event* trace::find(unsigned thread, moment when, std::uintptr_t address, bool writes) const noexcept {
  const event* found = nullptr;
  for (const auto& each : events_) {
    const bool plain = each.what.what >= action::read;
    if (!plain || each.thread != thread || each.when > when || (each.what.what != action::read) != writes) continue;
    if (address >= each.what.address && address < each.what.address + each.size) found = &each;
  }
  return found;
}

const trace::event* trace::find_atomic(unsigned thread, std::uintptr_t address) const noexcept {
  const event* found = nullptr;
  for (const auto& each : events_) {
    if (each.what.what < action::read && each.thread == thread && each.what.address == address) found = &each;
  }
  return found;
}

std::string trace::place(const void* code) {
  const auto where = look_up(code);
  if (where.line == 0) {
    std::ostringstream out;
    out << code;
    return out.str();
  }
  return base_name(where.file) + ":" + std::to_string(where.line) + "  " + where.text.substr(0, 90);
}

std::string trace::text(const std::vector<std::string>& threads) const {
  // A variable is called what the source calls it, with a number if that is no name of one.
  std::map<std::uintptr_t, std::string> names;
  std::map<std::string, unsigned> uses;
  const std::regex access(
      R"((\w+)(\[[^\]]*\]|\([^()]*\))?(?:\.|->)(?:load|store|exchange|compare_exchange|fetch_)\w*\()");
  std::ostringstream out;
  for (const auto& each : events_) {
    if (each.what.what >= action::read) continue;
    const auto where = look_up(each.code);
    auto& name = names[each.what.address];
    if (name.empty() && each.what.address != 0) {
      std::smatch match;
      name = std::regex_search(where.text, match, access) ? match[1].str() : "word";
      const auto number = ++uses[name];
      if (number > 1) name += "'" + std::to_string(number);
    }
    char head[64];
    std::snprintf(head, sizeof head, "  %-12.12s ", threads[each.thread].c_str());
    out << head;
    switch (each.what.what) {
      case action::load:
        out << name << " == " << value_text(each.value) << " (load, " << name_of(each.what.order);
        break;
      case action::store:
        out << name << " = " << value_text(each.value) << " (store, " << name_of(each.what.order);
        break;
      case action::read_modify_write:
        out << name << " " << value_text(each.value) << " -> " << value_text(each.written) << " (rmw, "
            << name_of(each.what.order);
        break;
      case action::compare_exchange:
        out << name << " ";
        if (each.succeeded) {
          out << value_text(each.value) << " -> " << value_text(each.written);
        } else {
          out << "== " << value_text(each.value);
        }
        out << " (compare-exchange " << (each.succeeded ? "succeeds, " : "fails, ") << name_of(each.what.order);
        break;
      case action::pause:
        out << "(spins";
        break;
      case action::block:
        out << name << " (blocks";
        break;
      case action::wake:
        out << name << " (wakes " << each.value;
        break;
      case action::await:
        out << name << " == " << value_text(each.value) << " (awaited";
        break;
      case action::join:
        out << "(all others have ended";
        break;
      default:
        out << "(";
        break;
    }
    out << (each.stale ? ", stale)" : ")");
    if (where.line != 0) out << "  " << base_name(where.file) << ":" << where.line << "  " << where.text.substr(0, 80);
    out << "\n";
  }
  return out.str();
}

}  // namespace charkha::model
