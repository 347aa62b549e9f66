// The `rewrite` plugin: the plugins behind it see another query than the client sent; the client sees the
// answer to its own.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/plugin.hpp"
#include "plugins/rewrite/rules.hpp"
#include "runtime/task.hpp"

namespace nld::plugins {

/// Stands before `cache`: answers are kept under the question that goes upstream, and each client's own
/// names, TTLs and rcode are made for it alone. What no rule concerns goes on as it came.
class RewritePlugin final : public pipeline::Plugin {
 public:
  explicit RewritePlugin(std::shared_ptr<const rewriting::Rules> rules) : rules_(std::move(rules)) {}

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
  std::optional<pipeline::Next> next_;
};

}  // namespace nld::plugins
