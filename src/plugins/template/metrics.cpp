// Names and labels of the series of `template`.
#include "plugins/template/metrics.hpp"

namespace nld::plugins {

metrics::Labels TemplateMetrics::labels(const Event& event) const {
  return {{"server", server_},
          {"zone", event.zone.to_text()},
          {"view", ""},
          {"class", std::string(event.cls)},
          {"type", std::string(event.type)}};
}

void TemplateMetrics::matched(const Event& event) {
  metrics::Counter*& counter = matches_[{&event.zone, event.cls.data(), event.type.data()}];
  if (counter == nullptr) {
    counter = &registry_.counter({"coredns_template_matches_total", "Counter of template regex matches."},
                                 labels(event), worker_);
  }
  counter->add();
}

void TemplateMetrics::count_failure(std::string_view name, std::string_view help, const Event& event,
                                    std::string_view section, const std::string& source) {
  metrics::Labels all = labels(event);
  all.emplace_back("section", std::string(section));
  all.emplace_back("template", source);
  registry_.counter({name, help}, all, worker_).add();
}

void TemplateMetrics::template_failed(const Event& event, std::string_view section,
                                      const std::string& source) {
  count_failure("coredns_template_template_failures_total", "Counter of go template failures.", event,
                section, source);
}

void TemplateMetrics::record_failed(const Event& event, std::string_view section, const std::string& source) {
  count_failure("coredns_template_rr_failures_total", "Counter of mis-templated RRs.", event, section,
                source);
}

}  // namespace nld::plugins
