// The `cancel` plugin: after that time nobody waits for the reply, so none is sent.
#pragma once

#include <algorithm>

#include "pipeline/plugin.hpp"

namespace nld::plugins {

/// Sets the deadline; those who wait keep it: the cache leaves its flight then, and the server sends nothing
/// that comes later.
class CancelPlugin final : public pipeline::Plugin {
 public:
  explicit CancelPlugin(runtime::Duration timeout) noexcept : timeout_(timeout) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "cancel"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& /*reply*/) override {
    const runtime::TimePoint until = request.received + timeout_;
    request.deadline = std::min(request.deadline.value_or(until), until);
    return pipeline::Verdict::pass;
  }

 private:
  runtime::Duration timeout_;
};

}  // namespace nld::plugins
