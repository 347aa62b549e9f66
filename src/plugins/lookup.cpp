// Making the question.
#include "plugins/lookup.hpp"

#include "dns/builder.hpp"

namespace nld::plugins {
namespace {

/// Questions that lead to questions: CoreDNS's bound.
constexpr int kMostErrands = 8;

}  // namespace

Lookup::Lookup(const pipeline::Request& cause, dns::NameView name, dns::RRType type)
    : request(cause), message_(dns::kHeaderSize + name.size() + 4) {
  dns::MessageBuilder builder(message_);
  builder.set_flags(dns::flag::RD);
  builder.add_question(name, type, dns::RRClass::IN);
  request.query = *dns::parse_query(message_);
  // Of the question that caused this one: that of its chain, which may be another.
  request.added_options = {};
  request.metadata = nullptr;
  request.errand = std::make_shared<pipeline::Errand>(dns::Name::copy_of(cause.query.name), cause.query.type,
                                                      cause.errand);
}

bool Lookup::in_progress(const pipeline::Request& request, dns::NameView name, dns::RRType type) noexcept {
  if (request.query.type == type && dns::equal_ignoring_case(request.query.name, name)) return true;
  int errands = 0;
  for (const pipeline::Errand* errand = request.errand.get(); errand != nullptr;
       errand = errand->cause.get()) {
    if (++errands >= kMostErrands) return true;
    if (errand->type == type && dns::equal_ignoring_case(errand->name.wire(), name)) return true;
  }
  return false;
}

}  // namespace nld::plugins
