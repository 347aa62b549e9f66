// The walk along a chain.
#include "pipeline/plugin.hpp"

#include <algorithm>

namespace nld::pipeline {

runtime::Task<void> Plugin::resolve(Request& request, Reply& reply, Next next) {
  return next(request, reply);
}

runtime::Task<void> Next::operator()(Request& request, Reply& reply) const {
  const Chain::Step step = chain_->handle(request, reply, index_);
  if (step.verdict != Verdict::wait) return {};
  return chain_->resolve(request, reply, step.at);
}

Step Next::handle(Request& request, Reply& reply) const {
  return chain_->handle(request, reply, index_);
}

runtime::Task<void> Next::resume(Request& request, Reply& reply, Step step) const {
  return chain_->resolve(request, reply, step.at);
}

std::string_view Next::name() const noexcept {
  return index_ < chain_->plugins().size() ? chain_->plugins()[index_]->name() : std::string_view{};
}

std::shared_ptr<const Chain> Chain::build(std::vector<std::unique_ptr<Plugin>> plugins) {
  const std::shared_ptr<const Chain> chain(new Chain(std::move(plugins)));
  for (std::size_t at = 0; at < chain->plugins_.size(); ++at) {
    chain->plugins_[at]->attach(chain, Next(*chain, at + 1));
  }
  return chain;
}

Chain::Chain(std::vector<std::unique_ptr<Plugin>> plugins) : plugins_(std::move(plugins)) {
  for (const auto& plugin : plugins_) {
    if (plugin->observes()) observers_.push_back(plugin.get());
    if (plugin->amends()) amenders_.push_back(plugin.get());
    if (ahead_ == nullptr && plugin->looks_ahead()) ahead_ = plugin.get();
    answer_only_ = answer_only_ || plugin->answer_only();
  }
  std::ranges::reverse(observers_);
  std::ranges::reverse(amenders_);
}

bool Chain::takes(dns::RRClass cls) const noexcept {
  return std::ranges::any_of(plugins_, [cls](const auto& plugin) { return plugin->takes(cls); });
}

Step Chain::handle(Request& request, Reply& reply, std::size_t from) const {
  for (std::size_t at = from; at < plugins_.size(); ++at) {
    const Verdict verdict = plugins_[at]->handle(request, reply);
    if (verdict != Verdict::pass) return {verdict, at};
  }
  reply.rcode = dns::Rcode::SERVFAIL;
  reply.error = "no next plugin found";
  return {Verdict::answered, plugins_.size()};
}

runtime::Task<void> Chain::resolve(Request& request, Reply& reply, std::size_t at) const {
  return plugins_[at]->resolve(request, reply, Next(*this, at + 1));
}

void Chain::amend(const Request& request, const Reply& reply, Draft& draft) const noexcept {
  for (Plugin* amender : amenders_) amender->amend(request, reply, draft);
}

void Chain::observe(const Request& request, const Reply& reply, const Outcome& outcome) const {
  for (Plugin* observer : observers_) observer->observe(request, reply, outcome);
}

}  // namespace nld::pipeline
