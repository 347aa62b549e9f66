// Truth and printing.
#include "go_template/value.hpp"

namespace nld::go_template {

Value make_list(List items) {
  return {std::make_shared<const List>(std::move(items))};
}

Value make_map(Map items) {
  return {std::make_shared<const Map>(std::move(items))};
}

bool truth(const Value& value) noexcept {
  if (const auto* flag = value.get<bool>()) return *flag;
  if (const auto* number = value.get<std::int64_t>()) return *number != 0;
  if (const auto* number = value.get<std::uint64_t>()) return *number != 0;
  if (const auto* text = value.get<std::string>()) return !text->empty();
  if (const List* list = value.list()) return !list->empty();
  if (const Map* map = value.map()) return !map->empty();
  return value.object() != nullptr;
}

std::optional<std::string> print(const Value& value) {
  if (value.is_nil()) return "<no value>";
  if (const auto* flag = value.get<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.get<std::int64_t>()) return std::to_string(*number);
  if (const auto* number = value.get<std::uint64_t>()) return std::to_string(*number);
  if (const auto* text = value.get<std::string>()) return *text;
  if (const List* list = value.list()) {
    std::string out = "[";
    for (const Value& item : *list) {
      const auto text = print(item);
      if (!text) return std::nullopt;
      if (out.size() > 1) out += ' ';
      out += *text;
    }
    return out + ']';
  }
  if (const Map* map = value.map()) {
    std::string out = "map[";
    for (const auto& [key, item] : *map) {
      const auto text = print(item);
      if (!text) return std::nullopt;
      if (out.back() != '[') out += ' ';
      out += key + ':' + *text;
    }
    return out + ']';
  }
  return std::nullopt;
}

std::string_view kind_of(const Value& value) noexcept {
  if (value.is_nil()) return "nil";
  if (value.get<bool>() != nullptr) return "bool";
  if (value.get<std::string>() != nullptr) return "string";
  if (value.list() != nullptr) return "list";
  if (value.map() != nullptr) return "map";
  if (value.object() != nullptr) return "struct";
  return "number";
}

}  // namespace nld::go_template
