// All rules of a server block: what they make of a query, and what its answer must go through.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "pipeline/request.hpp"
#include "plugins/rewrite/config.hpp"
#include "plugins/rewrite/matcher.hpp"

namespace nld::plugins::rewriting {

/// A name, and the names below it, are what they were before a rule changed them.
struct NameBack {
  dns::Name from, to;
  bool value = false;  ///< the name in the RDATA; else the owner
};
/// The end of a name becomes another one.
struct SuffixBack {
  const NameMatch* rule = nullptr;  ///< its text was replaced …
  std::string_view to;              ///< … by this
  bool value = false;
};
/// What happens to the answer, for each rule that changed the query.
using Back = std::variant<NameBack, SuffixBack, const AnswerRule*, const TtlAction*, const RcodeAction*,
                          const CnameAction*>;

struct Rewritten {
  dns::Name name;
  dns::RRType type{};
  dns::RRClass cls{};
  bool edns = false;                        ///< the query has an OPT now
  std::vector<std::uint8_t> options;        ///< of the OPT, encoded
  std::vector<std::uint8_t> added_options;  ///< those that rules put in
  std::vector<Back> backs;                  ///< in the order of the rules
  std::string error;                        ///< not empty: a rule made a name that is none
};

/// Immutable, shared by the workers.
class Rules {
 public:
  explicit Rules(std::vector<Rule> rules);

  /// Nothing when no rule changes anything about this query or its answer. Finding that no rule fits
  /// allocates nothing.
  [[nodiscard]] std::optional<Rewritten> apply(const pipeline::Request& request) const;
  [[nodiscard]] bool takes(dns::RRClass cls) const noexcept;

 private:
  static constexpr std::uint32_t kNone = NameMatcher::kNone;
  /// Where the rules have brought a query to.
  struct Current {
    dns::NameView name;
    dns::RRType type;
    dns::RRClass cls;
  };
  /// The first rule from `from` on that may concern the query.
  [[nodiscard]] std::uint32_t first(const Current& query, std::uint32_t from) const noexcept;
  /// False when the rule has nothing to do after all: then it does not stop the others.
  static bool apply(const Rule& rule, const pipeline::Request& request, Rewritten& out);

  std::vector<Rule> rules_;
  NameMatcher names_;
  bool by_name_ = false;
  std::vector<std::uint32_t> by_type_, by_class_;  ///< few: one after the other
  std::vector<std::uint32_t> always_;              ///< edns0 and cname
};

}  // namespace nld::plugins::rewriting
