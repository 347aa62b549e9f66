// Going through the rules: from one that fits to the next, until one stops.
#include "plugins/rewrite/rules.hpp"

#include <algorithm>

#include "plugins/rewrite/change.hpp"
#include "plugins/rewrite/edns.hpp"

namespace nld::plugins::rewriting {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

Rewritten begin(const dns::Query& query) {
  Rewritten out;
  out.name = dns::Name::copy_of(query.name);
  out.type = query.type;
  out.cls = query.cls;
  if (query.edns) {
    out.edns = true;
    out.options.assign(query.edns->options.begin(), query.edns->options.end());
  }
  return out;
}

/// The answer's names, back to what they were before this rule.
void add_backs(const Rule& rule, const NameAction& action, const dns::Name& before, Rewritten& out) {
  if (action.automatic) {
    for (const bool value : {false, true}) {
      if (rule.on->kind == MatchKind::suffix) {
        out.backs.emplace_back(SuffixBack{.rule = &*rule.on, .to = action.to, .value = value});
      } else {
        out.backs.emplace_back(NameBack{.from = out.name, .to = before, .value = value});
      }
    }
  }
  for (const AnswerRule& answer : action.answers) out.backs.emplace_back(&answer);
}

bool change_name(const Rule& rule, const NameAction& action, Rewritten& out) {
  const dns::Name before = out.name.lowered();
  const auto text = change(*rule.on, action.to, before.to_text());
  if (!text) return false;
  const auto name = dns::Name::from_text(*text);
  if (!name) {
    out.error = "invalid name after rewrite: " + *text;
    return true;
  }
  out.name = *name;
  add_backs(rule, action, before, out);
  return true;
}

}  // namespace

Rules::Rules(std::vector<Rule> rules) : rules_(std::move(rules)) {
  for (std::uint32_t at = 0; at < rules_.size(); ++at) {
    const Rule& rule = rules_[at];
    if (rule.on) {
      names_.add(*rule.on, at);
      by_name_ = true;
    } else if (std::holds_alternative<TypeAction>(rule.action)) {
      by_type_.push_back(at);
    } else if (std::holds_alternative<ClassAction>(rule.action)) {
      by_class_.push_back(at);
    } else {
      always_.push_back(at);
    }
  }
  names_.build();
}

bool Rules::takes(dns::RRClass cls) const noexcept {
  return std::ranges::any_of(
      by_class_, [&](std::uint32_t at) { return std::get<ClassAction>(rules_[at].action).from == cls; });
}

std::uint32_t Rules::first(const Current& query, std::uint32_t from) const noexcept {
  std::uint32_t best = by_name_ ? names_.first(query.name, from) : kNone;
  for (const std::uint32_t at : by_type_) {
    if (at >= best) break;
    if (at >= from && std::get<TypeAction>(rules_[at].action).from == query.type) best = at;
  }
  for (const std::uint32_t at : by_class_) {
    if (at >= best) break;
    if (at >= from && std::get<ClassAction>(rules_[at].action).from == query.cls) best = at;
  }
  const auto any = std::ranges::lower_bound(always_, from);
  return any == always_.end() ? best : std::min(best, *any);
}

bool Rules::apply(const Rule& rule, const pipeline::Request& request, Rewritten& out) {
  return std::visit(Overloaded{[&](const NameAction& action) { return change_name(rule, action, out); },
                               [&](const TypeAction& action) {
                                 out.type = action.to;
                                 return true;
                               },
                               [&](const ClassAction& action) {
                                 out.cls = action.to;
                                 return true;
                               },
                               [&](const EdnsAction& action) { return apply_edns(action, request, out); },
                               [&](const auto& action) {  // ttl, rcode, cname: of the answer alone
                                 out.backs.emplace_back(&action);
                                 return true;
                               }},
                    rule.action);
}

std::optional<Rewritten> Rules::apply(const pipeline::Request& request) const {
  const dns::Query& query = request.query;
  std::uint32_t at = first({query.name, query.type, query.cls}, 0);
  if (at == kNone) return std::nullopt;
  Rewritten out = begin(query);
  bool done = false;
  while (at != kNone) {
    const bool applied = apply(rules_[at], request, out);
    done = done || applied;
    if (applied && (rules_[at].stop || !out.error.empty())) break;
    at = first({out.name.wire(), out.type, out.cls}, at + 1);
  }
  if (!done) return std::nullopt;
  return out;
}

}  // namespace nld::plugins::rewriting
