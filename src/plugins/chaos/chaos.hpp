// The `chaos` plugin: version.bind, authors.bind, hostname.bind and their like, class CH and type TXT.
#pragma once

#include "pipeline/plugin.hpp"
#include "plugins/chaos/config.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

class ChaosPlugin final : public pipeline::Plugin {
 public:
  ChaosPlugin(ChaosConfig config, runtime::Random& random) : config_(std::move(config)), random_(random) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "chaos"; }
  [[nodiscard]] bool takes(dns::RRClass cls) const noexcept override { return cls == dns::RRClass::CH; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  ChaosConfig config_;
  runtime::Random& random_;
};

}  // namespace nld::plugins
