// Parses listings by their braces: each object is a line "KIND NAME {", its body, and a closing line.
#include "net/nft/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace nld::net {
namespace {

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

const ListedObject* find(const std::vector<ListedObject>& objects, const ListedObject& like) {
  const auto at = std::ranges::find_if(
      objects, [&](const ListedObject& each) { return each.kind == like.kind && each.name == like.name; });
  return at == objects.end() ? nullptr : &*at;
}

std::string label(const ListedObject& object) {
  return fmt::format("{} {}", object.kind, object.name);
}

/// Where two objects of one name differ, as far as it can be told in one repair each.
void compare_bodies(const ListedObject& wanted, const ListedObject& actual, std::string_view table,
                    std::vector<Repair>& out) {
  const auto report = [&](Fault fault, const std::string& line) {
    out.push_back({.kind = Repair::Kind::nftables,
                   .fault = fault,
                   .what = fmt::format("{}: {}{}{}", table, label(wanted), line.empty() ? "" : ": ", line)});
  };
  const auto count = [](const std::vector<std::string>& lines, const std::string& line) {
    return std::ranges::count(lines, line);
  };
  const std::size_t before = out.size();
  for (const std::string& line : wanted.lines) {
    if (count(actual.lines, line) < count(wanted.lines, line)) report(Fault::missing, line);
  }
  for (std::size_t at = 0; at < actual.lines.size(); ++at) {
    const std::string& line = actual.lines[at];
    const auto first = std::ranges::find(actual.lines, line) - actual.lines.begin();
    if (std::cmp_not_equal(first, at)) continue;  // once for each line
    if (count(actual.lines, line) <= count(wanted.lines, line)) continue;
    report(count(wanted.lines, line) == 0 ? Fault::stale : Fault::duplicated, line);
  }
  if (out.size() == before) report(Fault::out_of_order, "");
}

bool keeps_sets(const std::vector<ListedObject>& wanted, const std::vector<ListedObject>& actual) {
  return std::ranges::all_of(wanted, [&](const ListedObject& object) {
    if (object.kind == "chain") return true;
    const ListedObject* there = find(actual, object);
    return there == nullptr || there->lines == object.lines;
  });
}

}  // namespace

std::vector<ListedObject> parse_listing(std::string_view text) {
  std::vector<ListedObject> objects;
  bool inside = false;
  for (const auto part : text | std::views::split('\n')) {
    const std::string_view line = trimmed({part.begin(), part.end()});
    if (line.empty()) continue;
    if (inside) {
      if (line == "}") {
        inside = false;
      } else {
        objects.back().lines.emplace_back(line);
      }
      continue;
    }
    if (!line.ends_with(" {") || line.starts_with("table ")) continue;
    const auto space = line.find(' ');
    const std::string_view rest = trimmed(line.substr(space, line.size() - 1 - space));
    objects.push_back({.kind = std::string(line.substr(0, space)), .name = std::string(rest), .lines = {}});
    inside = true;
  }
  return objects;
}

std::vector<Repair> compare_listings(std::string_view wanted, std::string_view actual,
                                     std::string_view table) {
  std::vector<Repair> out;
  if (wanted == actual) return out;
  const auto report = [&](Fault fault, std::string_view what) {
    out.push_back({.kind = Repair::Kind::nftables,
                   .fault = fault,
                   .what = fmt::format("{}{}{}", table, what.empty() ? "" : ": ", what)});
  };
  if (actual.empty()) {
    report(Fault::missing, "");
    return out;
  }
  const std::vector<ListedObject> should = parse_listing(wanted);
  const std::vector<ListedObject> is = parse_listing(actual);
  for (const ListedObject& object : should) {
    const ListedObject* there = find(is, object);
    if (there == nullptr) {
      report(Fault::missing, label(object));
    } else if (there->lines != object.lines) {
      compare_bodies(object, *there, table, out);
    }
  }
  for (const ListedObject& object : is) {
    if (find(should, object) == nullptr) report(Fault::stale, label(object));
  }
  // All there, each as it should be, and yet another text: another order, a flag of the table (dormant).
  if (out.empty()) report(Fault::altered, "");
  return out;
}

std::string transition(std::string_view wanted, std::string_view actual, std::string_view table) {
  const std::vector<ListedObject> should = parse_listing(wanted);
  const std::vector<ListedObject> is = parse_listing(actual);
  if (actual.empty()) return std::string(wanted);
  if (!keeps_sets(should, is)) {
    return fmt::format("add table {}\ndelete table {}\n{}", table, table, wanted);
  }
  // A chain can go only when nothing jumps to it, a set when no rule asks it.
  std::string out;
  for (const ListedObject& object : is) {
    if (object.kind == "chain") out += fmt::format("flush chain {} {}\n", table, object.name);
  }
  for (const ListedObject& object : is) {
    if (object.kind == "chain") out += fmt::format("delete chain {} {}\n", table, object.name);
  }
  for (const ListedObject& object : is) {
    if (object.kind != "chain" && find(should, object) == nullptr) {
      out += fmt::format("delete {} {} {}\n", object.kind, table, object.name);
    }
  }
  return out + std::string(wanted);
}

}  // namespace nld::net
