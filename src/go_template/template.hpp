// A Go text/template, as far as answers need one: parsed once, evaluated in bounds.
#pragma once

#include <expected>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "go_template/lexer.hpp"
#include "go_template/syntax.hpp"

namespace nld::go_template {

class Template {
 public:
  /// `fields`: those of the object it will be given, so that a misspelt one is seen now.
  static std::expected<Template, Error> parse(std::string_view text,
                                              std::span<const std::string_view> fields);

  /// The text it makes of `data`, or what went wrong. At most kMaxSteps steps and kMaxOutput octets.
  [[nodiscard]] std::expected<std::string, std::string> evaluate(const Object& data) const;

  /// The fields of the object that it reads; "." when it uses the object itself.
  [[nodiscard]] const std::set<std::string, std::less<>>& uses() const noexcept { return uses_; }

  static constexpr std::size_t kMaxSteps = 10'000;
  static constexpr std::size_t kMaxOutput = 65536;

 private:
  friend class Parser;
  std::vector<Node> nodes_;
  std::size_t slots_ = 1;  ///< variables; the first is $, the object
  std::set<std::string, std::less<>> uses_;
};

}  // namespace nld::go_template
