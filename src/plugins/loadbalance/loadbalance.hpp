// The `loadbalance` plugin: another order of A, AAAA and MX records in every reply.
#pragma once

#include <memory>

#include "pipeline/plugin.hpp"
#include "plugins/loadbalance/config.hpp"
#include "plugins/loadbalance/records.hpp"
#include "plugins/services.hpp"

namespace nld::plugins {

/// Works on the outgoing copy: what the cache holds keeps its order.
class LoadbalancePlugin final : public pipeline::Plugin {
 public:
  /// `weights`: null without a file. Worker 0 reads it again, for all.
  LoadbalancePlugin(LoadbalanceConfig config, std::shared_ptr<WeightFile> weights, const Services& services);

  [[nodiscard]] std::string_view name() const noexcept override { return "loadbalance"; }
  [[nodiscard]] bool amends() const noexcept override { return true; }
  void amend(const pipeline::Request& request, const pipeline::Reply& reply,
             pipeline::Draft& draft) noexcept override;

 private:
  void shuffle(dns::MutableBytes message, const AddressRun& run) noexcept;
  void choose_first(dns::MutableBytes message, const AddressRun& run) noexcept;
  void put_preferred_first(dns::MutableBytes message, const AddressRun& run) noexcept;
  void watch();

  LoadbalanceConfig config_;
  std::shared_ptr<WeightFile> file_;
  std::shared_ptr<const Weights> weights_;
  std::uint64_t version_ = 0;
  runtime::Random& random_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  std::unique_ptr<MessageRecords> records_;
  runtime::Timer timer_;
};

}  // namespace nld::plugins
