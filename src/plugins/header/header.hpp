// The `header` plugin: sets and clears AA, RA and RD of queries that go upstream and of replies.
#pragma once

#include "pipeline/plugin.hpp"
#include "plugins/header/config.hpp"

namespace nld::plugins {

/// Stands behind the cache: its queries are the cache's fetches. Replies are changed as they leave, whether
/// they come from the cache or not.
class HeaderPlugin final : public pipeline::Plugin {
 public:
  explicit HeaderPlugin(const HeaderConfig& config) noexcept : config_(config) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "header"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& /*reply*/) override {
    request.query.header.flags = config_.query.applied_to(request.query.header.flags);
    return pipeline::Verdict::pass;
  }
  [[nodiscard]] bool amends() const noexcept override { return !config_.response.empty(); }
  void amend(const pipeline::Request& /*request*/, const pipeline::Reply& reply,
             pipeline::Draft& draft) noexcept override {
    if (!reply.ours) draft.flags = config_.response.applied_to(draft.flags);
  }

 private:
  HeaderConfig config_;
};

}  // namespace nld::plugins
