// What a template computes with: Go's values as far as templates of answers meet them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nld::go_template {

struct Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

/// A struct of the program that templates read. Owned by the caller of `evaluate`.
class Object {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  /// A field, or the result of a method; nothing: there is none of that name that takes so many arguments.
  [[nodiscard]] virtual std::optional<Value> field(std::string_view name,
                                                   std::span<const Value> arguments) const = 0;
};

struct Value {
  using Content = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, std::string,
                               std::shared_ptr<const List>, std::shared_ptr<const Map>, const Object*>;
  Content content;

  [[nodiscard]] bool is_nil() const noexcept { return std::holds_alternative<std::monostate>(content); }
  template <class Type>
  [[nodiscard]] const Type* get() const noexcept {
    return std::get_if<Type>(&content);
  }
  [[nodiscard]] const List* list() const noexcept {
    const auto* held = get<std::shared_ptr<const List>>();
    return held == nullptr ? nullptr : held->get();
  }
  [[nodiscard]] const Map* map() const noexcept {
    const auto* held = get<std::shared_ptr<const Map>>();
    return held == nullptr ? nullptr : held->get();
  }
  [[nodiscard]] const Object* object() const noexcept {
    const auto* held = get<const Object*>();
    return held == nullptr ? nullptr : *held;
  }
};

Value make_list(List items);
Value make_map(Map items);

/// As Go's templates: false, 0, "", nil and what is empty are not.
bool truth(const Value& value) noexcept;
/// As Go prints it: "[a b]", "map[a:b]", "<no value>" for nil. Nothing for objects, which have no such form.
std::optional<std::string> print(const Value& value);
/// For error messages: "string", "number", "list", …
std::string_view kind_of(const Value& value) noexcept;

}  // namespace nld::go_template
