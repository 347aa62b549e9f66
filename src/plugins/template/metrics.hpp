// What `template` counts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "dns/name.hpp"
#include "plugins/services.hpp"

namespace nld::plugins {

/// Series are made when their event first comes. Types without a mnemonic share one label value, "".
class TemplateMetrics {
 public:
  struct Event {
    const dns::Name& zone;       ///< of the rule
    std::string_view cls, type;  ///< mnemonics, which are static
  };
  TemplateMetrics(metrics::Registry& registry, std::string server, std::size_t worker)
      : registry_(registry), server_(std::move(server)), worker_(worker) {}

  void matched(const Event& event);
  /// The template of a record failed, or what it made is no record.
  void template_failed(const Event& event, std::string_view section, const std::string& source);
  void record_failed(const Event& event, std::string_view section, const std::string& source);

 private:
  [[nodiscard]] metrics::Labels labels(const Event& event) const;
  void count_failure(std::string_view name, std::string_view help, const Event& event,
                     std::string_view section, const std::string& source);

  metrics::Registry& registry_;
  std::string server_;
  std::size_t worker_;
  std::map<std::tuple<const dns::Name*, const char*, const char*>, metrics::Counter*>
      matches_;  ///< by where they stand
};

}  // namespace nld::plugins
