// Go's functions over values.
#include "go_template/functions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <limits>

namespace nld::go_template {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

std::unexpected<std::string> wrong(std::string message) {
  return std::unexpected(std::move(message));
}

/// Numbers of either sign compare by what they are; values of unlike kinds do not.
std::optional<std::strong_ordering> compare(const Value& left, const Value& right) {
  if (left.is_nil() && right.is_nil()) return std::strong_ordering::equal;
  if (const auto* a = left.get<std::string>()) {
    const auto* b = right.get<std::string>();
    return b == nullptr ? std::nullopt : std::optional(*a <=> *b);
  }
  if (const auto* a = left.get<bool>()) {
    const auto* b = right.get<bool>();
    return b == nullptr ? std::nullopt : std::optional(*a <=> *b);
  }
  const auto* a = left.get<std::int64_t>();
  const auto* b = right.get<std::int64_t>();
  const auto* c = left.get<std::uint64_t>();
  const auto* d = right.get<std::uint64_t>();
  if (a != nullptr && b != nullptr) return *a <=> *b;
  if (c != nullptr && d != nullptr) return *c <=> *d;
  if (a != nullptr && d != nullptr) {
    return *a < 0 ? std::strong_ordering::less : static_cast<std::uint64_t>(*a) <=> *d;
  }
  if (c != nullptr && b != nullptr) {
    return *b < 0 ? std::strong_ordering::greater : *c <=> static_cast<std::uint64_t>(*b);
  }
  return std::nullopt;
}

Outcome compare_with(Arguments arguments, bool (*holds)(std::strong_ordering)) {
  const auto order = compare(arguments[0], arguments[1]);
  if (!order) {
    return wrong("cannot compare " + std::string(kind_of(arguments[0])) + " with " +
                 std::string(kind_of(arguments[1])));
  }
  return Value{holds(*order)};
}

/// True when the first equals any of the others.
Outcome equals(Arguments arguments) {
  for (const Value& other : arguments.subspan(1)) {
    // A group that did not take part is nil: it is like nothing else.
    if (arguments[0].is_nil() != other.is_nil()) continue;
    const auto order = compare(arguments[0], other);
    if (!order) {
      return wrong("cannot compare " + std::string(kind_of(arguments[0])) + " with " +
                   std::string(kind_of(other)));
    }
    if (*order == std::strong_ordering::equal) return Value{true};
  }
  return Value{false};
}

Outcome differs(Arguments arguments) {
  auto equal = equals(arguments);
  return equal ? Outcome(Value{!truth(*equal)}) : equal;
}

/// A number as an index of something with `size` elements; `most` may be size itself (slices).
std::expected<std::size_t, std::string> position(const Value& value, std::size_t most) {
  std::uint64_t at = std::numeric_limits<std::uint64_t>::max();
  if (const auto* number = value.get<std::int64_t>(); number != nullptr && *number >= 0) {
    at = static_cast<std::uint64_t>(*number);
  } else if (const auto* unsigned_number = value.get<std::uint64_t>()) {
    at = *unsigned_number;
  } else if (number == nullptr) {
    return wrong("cannot index with a " + std::string(kind_of(value)));
  }
  if (at > most) return wrong("index out of range");
  return static_cast<std::size_t>(at);
}

Outcome index_once(const Value& of, const Value& by) {
  if (const Map* map = of.map()) {
    const auto* key = by.get<std::string>();
    if (key == nullptr) return wrong("cannot index a map with a " + std::string(kind_of(by)));
    const auto found = map->find(*key);
    return found == map->end() ? Value{std::string()} : found->second;
  }
  const List* list = of.list();
  const auto* text = of.get<std::string>();
  const std::size_t size = list != nullptr ? list->size() : text != nullptr ? text->size() : 0;
  if (list == nullptr && text == nullptr) return wrong("cannot index a " + std::string(kind_of(of)));
  if (size == 0) return wrong("index out of range");
  const auto at = position(by, size - 1);
  if (!at) return std::unexpected(at.error());
  if (list != nullptr) return (*list)[*at];
  return Value{std::uint64_t{static_cast<std::uint8_t>((*text)[*at])}};
}

Outcome index(Arguments arguments) {
  Value value = arguments[0];
  for (const Value& by : arguments.subspan(1)) {
    auto next = index_once(value, by);
    if (!next) return next;
    value = *std::move(next);
  }
  return value;
}

Outcome slice(Arguments arguments) {
  const List* list = arguments[0].list();
  const auto* text = arguments[0].get<std::string>();
  if (list == nullptr && text == nullptr)
    return wrong("cannot slice a " + std::string(kind_of(arguments[0])));
  const std::size_t size = list != nullptr ? list->size() : text->size();
  const auto from = arguments.size() > 1 ? position(arguments[1], size) : std::size_t{0};
  const auto to = arguments.size() > 2 ? position(arguments[2], size) : size;
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  if (*from > *to) return wrong("a slice that ends before it begins");
  if (text != nullptr) return Value{text->substr(*from, *to - *from)};
  return make_list(List(list->begin() + static_cast<std::ptrdiff_t>(*from),
                        list->begin() + static_cast<std::ptrdiff_t>(*to)));
}

Outcome length(Arguments arguments) {
  const Value& of = arguments[0];
  if (const auto* text = of.get<std::string>()) return Value{static_cast<std::int64_t>(text->size())};
  if (const List* list = of.list()) return Value{static_cast<std::int64_t>(list->size())};
  if (const Map* map = of.map()) return Value{static_cast<std::int64_t>(map->size())};
  return wrong("a " + std::string(kind_of(of)) + " has no length");
}

/// fmt.Sprint puts a blank between operands that are both no strings, Sprintln between all.
Outcome join(Arguments arguments, bool always) {
  std::string out;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const auto text = print(arguments[at]);
    if (!text) return wrong("a struct cannot be printed");
    const auto is_text = [&](std::size_t which) { return arguments[which].get<std::string>() != nullptr; };
    if (at > 0 && (always || (!is_text(at) && !is_text(at - 1)))) out += ' ';
    out += *text;
    if (out.size() > kMaxString) return wrong("a string longer than " + std::to_string(kMaxString));
  }
  return Value{std::move(out)};
}

Outcome print_line(Arguments arguments) {
  auto joined = join(arguments, true);
  if (joined) std::get<std::string>(joined->content) += '\n';
  return joined;
}

Outcome print_formatted(Arguments arguments) {
  const auto* layout = arguments[0].get<std::string>();
  if (layout == nullptr)
    return wrong("printf needs a string first, not a " + std::string(kind_of(arguments[0])));
  auto text = format(*layout, arguments.subspan(1));
  if (!text) return std::unexpected(std::move(text.error()));
  return Value{*std::move(text)};
}

/// strconv.ParseUint(text, base, bits).
Outcome parse_int(Arguments arguments) {
  const auto* text = arguments[0].get<std::string>();
  const auto* base = arguments[1].get<std::int64_t>();
  const auto* bits = arguments[2].get<std::int64_t>();
  if (text == nullptr || base == nullptr || bits == nullptr)
    return wrong("parseInt needs a string and two numbers");
  if (*base < 2 || *base > 36) return wrong("parseInt: a base from 2 to 36 is expected");
  if (*bits < 0 || *bits > 64) return wrong("parseInt: a size from 0 to 64 bits is expected");
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value, static_cast<int>(*base));
  const bool fits = *bits == 0 || *bits == 64 || value >> static_cast<std::uint64_t>(*bits) == 0;
  if (error != std::errc() || stop != end || !fits) {
    return wrong("parseInt: '" + *text + "' is no number of that base and size");
  }
  return Value{value};
}

constexpr auto kFunctions = std::to_array<Function>({
    {"and", 1, kAny, nullptr},
    {"or", 1, kAny, nullptr},
    {"not", 1, 1, [](Arguments arguments) { return Outcome(Value{!truth(arguments[0])}); }},
    {"eq", 2, kAny, equals},
    {"ne", 2, 2, differs},
    {"lt", 2, 2, [](Arguments a) { return compare_with(a, [](std::strong_ordering o) { return o < 0; }); }},
    {"le", 2, 2, [](Arguments a) { return compare_with(a, [](std::strong_ordering o) { return o <= 0; }); }},
    {"gt", 2, 2, [](Arguments a) { return compare_with(a, [](std::strong_ordering o) { return o > 0; }); }},
    {"ge", 2, 2, [](Arguments a) { return compare_with(a, [](std::strong_ordering o) { return o >= 0; }); }},
    {"index", 1, kAny, index},
    {"slice", 1, 3, slice},
    {"len", 1, 1, length},
    {"print", 0, kAny, [](Arguments arguments) { return join(arguments, false); }},
    {"println", 0, kAny, print_line},
    {"printf", 1, kAny, print_formatted},
    {"parseInt", 3, 3, parse_int},
});

}  // namespace

const Function* find_function(std::string_view name) noexcept {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

std::string function_names() {
  std::string out;
  for (const Function& function : kFunctions) {
    if (!out.empty()) out += ", ";
    out += function.name;
  }
  return out;
}

}  // namespace nld::go_template
