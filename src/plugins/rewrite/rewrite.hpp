// The `rewrite` plugin: the plugins behind it see another query than the client sent; the client sees the
// answer to its own.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/plugin.hpp"
#include "pipeline/router.hpp"
#include "plugins/rewrite/rules.hpp"
#include "runtime/task.hpp"

namespace nld::plugins {

/// Stands before `cache`: answers are kept under the question that goes upstream, and each client's own
/// names, TTLs and rcode are made for it alone. What no rule concerns goes on as it came and costs no
/// allocation; what one concerns becomes a query and an answer of its own, and allocates them.
class RewritePlugin final : public pipeline::Plugin {
 public:
  /// `router`: for the look-ups of `cname` rules, which any block of the address may answer.
  explicit RewritePlugin(std::shared_ptr<const rewriting::Rules> rules,
                         std::weak_ptr<const pipeline::Router> router = {})
      : rules_(std::move(rules)), router_(std::move(router)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "rewrite"; }
  [[nodiscard]] bool takes(dns::RRClass cls) const noexcept override {
    return cls == dns::RRClass::IN || rules_->takes(cls);
  }
  void attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next next) override;
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
  runtime::Task<void> resolve(pipeline::Request& request, pipeline::Reply& reply,
                              pipeline::Next next) override;

 private:
  struct Question;
  class Exchange;

  std::shared_ptr<const rewriting::Rules> rules_;
  std::weak_ptr<const pipeline::Router> router_;
  std::optional<pipeline::Next> next_;
};

}  // namespace nld::plugins
