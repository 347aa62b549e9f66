// One `template` line as data: which questions it is for and what it answers.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "go_template/template.hpp"
#include "plugins/template/record_text.hpp"

namespace nld::plugins {

struct TemplateRecord {
  dns::Section section{};
  std::string source;
  go_template::Template text;
  std::optional<TextRecord> constant;  ///< made when the file was loaded, if no query changes it

  [[nodiscard]] bool is_constant() const noexcept { return constant.has_value(); }
};

struct TemplateRule {
  struct Pattern {
    std::unique_ptr<const re2::RE2> regex;
    std::vector<std::string> groups;  ///< names by number, "" for those without; the whole match is 0
  };

  dns::RRClass cls{};
  dns::RRType type{};
  std::vector<dns::Name> zones;         ///< lower-case, at least one
  std::vector<Pattern> patterns;        ///< none: every name
  std::vector<TemplateRecord> records;  ///< answer, authority, additional
  bool uses_groups = false;             ///< some record wants to know what matched
  dns::Rcode rcode = dns::Rcode::NOERROR;
  std::optional<dns::ExtendedError> extended_error;
  std::string extended_error_text;
  std::vector<dns::Name> fallthrough;  ///< for names in these zones; empty: for none
};

}  // namespace nld::plugins
