// The `local` plugin: answers for localhost and the reverse zones that never leave a machine (RFC 6761 §6.3,
// RFC 6303 §4).
#pragma once

#include "metrics/registry.hpp"
#include "pipeline/plugin.hpp"
#include "plugins/local/config.hpp"
#include "plugins/services.hpp"

namespace nld::plugins {

class LocalPlugin final : public pipeline::Plugin {
 public:
  LocalPlugin(const LocalConfig& config, const Services& services);

  [[nodiscard]] std::string_view name() const noexcept override { return "local"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  LocalConfig config_;
  runtime::Log& log_;
  metrics::Counter& below_localhost_;
};

}  // namespace nld::plugins
