// Which queries are logged.
#include "plugins/log/log.hpp"

#include <algorithm>

namespace nld::plugins {
namespace {

bool covers(const LogRule& rule, dns::NameView name) noexcept {
  return std::ranges::any_of(
      rule.names, [name](const dns::Name& zone) { return dns::is_at_or_below(name, zone.wire()); });
}

bool wants(const LogRule& rule, ResponseClass kind) noexcept {
  switch (kind) {
    case ResponseClass::success:
      return rule.success;
    case ResponseClass::denial:
      return rule.denial;
    case ResponseClass::error:
      break;
  }
  return rule.error;
}

}  // namespace

ResponseClass classify(const pipeline::Reply& reply, dns::Rcode sent) noexcept {
  if (sent == dns::Rcode::NXDOMAIN) return ResponseClass::denial;
  if (sent != dns::Rcode::NOERROR) return ResponseClass::error;
  if (!reply.answer) return ResponseClass::denial;
  if (reply.answer->facts().kind == dns::ResponseKind::referral) return ResponseClass::success;
  const dns::Bytes wire = reply.answer->wire();
  const bool answers = wire.size() >= dns::kHeaderSize && dns::read_header(wire).ancount > 0;
  return answers ? ResponseClass::success : ResponseClass::denial;
}

LogPlugin::LogPlugin(const std::vector<LogRule>& rules, runtime::Log& log) : log_(log) {
  for (const LogRule& rule : rules) rules_.push_back({rule, LogFormat(rule.format)});
}

void LogPlugin::observe(const pipeline::Request& request, const pipeline::Reply& reply,
                        const pipeline::Outcome& outcome) {
  if (!log_.enabled(runtime::LogLevel::info)) return;
  const auto rule = std::ranges::find_if(
      rules_, [&request](const Rule& candidate) { return covers(candidate.config, request.query.name); });
  if (rule == rules_.end()) return;
  const bool slow = rule->config.min_duration && outcome.duration > *rule->config.min_duration;
  if (!slow && !wants(rule->config, classify(reply, outcome.rcode))) return;
  line_.clear();
  rule->format.append(line_, request, reply, outcome);
  log_.line(runtime::LogLevel::info, line_);
}

}  // namespace nld::plugins
