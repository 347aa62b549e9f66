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

/// The lines that stand in `of` more often than in `than`, each once.
std::vector<std::string> surplus(const std::vector<std::string>& of, const std::vector<std::string>& than) {
  std::vector<std::string> lines;
  for (const std::string& line : of) {
    if (std::ranges::count(of, line) > std::ranges::count(than, line) &&
        std::ranges::find(lines, line) == lines.end()) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// Where two objects of one name differ; one entry for each kind of fault, however many lines have it.
void compare_bodies(const ListedObject& wanted, const ListedObject& actual, std::string_view table,
                    std::vector<Repair>& out) {
  const auto report = [&](Fault fault, std::string_view what) {
    out.push_back({.kind = Repair::Kind::nftables,
                   .fault = fault,
                   .what = fmt::format("{}: {}{}", table, label(wanted), what)});
  };
  const auto report_lines = [&](Fault fault, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    std::string what = ": " + lines.front();
    if (lines.size() > 1) what += fmt::format(" (and {} more)", lines.size() - 1);
    report(fault, what);
  };
  const std::vector<std::string> missing = surplus(wanted.lines, actual.lines);
  const std::vector<std::string> extra = surplus(actual.lines, wanted.lines);
  std::vector<std::string> duplicated;
  std::vector<std::string> stale;
  for (const std::string& line : extra) {
    const bool known = std::ranges::find(wanted.lines, line) != wanted.lines.end();
    (known ? duplicated : stale).push_back(line);
  }
  report_lines(Fault::missing, missing);
  report_lines(Fault::duplicated, duplicated);
  report_lines(Fault::stale, stale);
  if (missing.empty() && extra.empty()) report(Fault::out_of_order, "");
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
