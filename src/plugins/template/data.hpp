// What templates see of a query: `.Name`, `.Zone`, `.Match`, `.Group`, …
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "go_template/value.hpp"
#include "pipeline/request.hpp"
#include "plugins/template/rule.hpp"

namespace nld::plugins {

/// The fields of a template's `.`.
std::span<const std::string_view> template_fields() noexcept;

/// What the labels and `.Class`, `.Type` are: the query's own; for ANY the rule's.
std::string_view template_class(const dns::Query& query, const TemplateRule& rule) noexcept;
std::string_view template_type(const dns::Query& query, const TemplateRule& rule) noexcept;

/// A query and what matched.
struct TemplateMatch {
  const TemplateRule& rule;
  const dns::Name& zone;
  const TemplateRule::Pattern* pattern = nullptr;
  std::string_view name;                     ///< lower-case text
  std::span<const std::string_view> groups;  ///< by number
};

class QueryData final : public go_template::Object {
 public:
  QueryData(const pipeline::Request& request, const TemplateMatch& match)
      : request_(request), match_(match) {}
  [[nodiscard]] std::optional<go_template::Value> field(
      std::string_view name, std::span<const go_template::Value> arguments) const override;

 private:
  /// `.Question`, as dns.Question of the library CoreDNS uses has it.
  class Question final : public go_template::Object {
   public:
    explicit Question(const dns::Query& query) : query_(query) {}
    [[nodiscard]] std::optional<go_template::Value> field(
        std::string_view name, std::span<const go_template::Value> arguments) const override;

   private:
    const dns::Query& query_;
  };
  /// `.Message`: the header's fields and the question.
  class Message final : public go_template::Object {
   public:
    Message(const dns::Query& query, const Question& question) : query_(query), question_(question) {}
    [[nodiscard]] std::optional<go_template::Value> field(
        std::string_view name, std::span<const go_template::Value> arguments) const override;

   private:
    const dns::Query& query_;
    const Question& question_;
  };

  const pipeline::Request& request_;
  const TemplateMatch& match_;
  Question question_{request_.query};
  Message message_{request_.query, question_};
};

/// What is the same for every query of a rule: `.Zone` of one zone, `.Class` and `.Type` that are not ANY.
class ConstantData final : public go_template::Object {
 public:
  explicit ConstantData(const TemplateRule& rule) : rule_(rule) {}
  /// Whether the template reads nothing else.
  [[nodiscard]] bool suffices(const go_template::Template& text) const;
  [[nodiscard]] std::optional<go_template::Value> field(
      std::string_view name, std::span<const go_template::Value> arguments) const override;

 private:
  const TemplateRule& rule_;
};

}  // namespace nld::plugins
