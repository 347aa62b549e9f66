// Matching of answers with the queries that wait for them.
#include "upstream/outstanding.hpp"

#include <utility>

namespace nld::upstream {
namespace {

// A message whose end is missing (or that sets TC and ends in the middle of a record) is worth its TC bit
// alone: header and question, so that the question can be asked again over TCP.
std::optional<Message> keep_question(dns::Bytes message) {
  const dns::Header header = dns::read_header(message);
  if (!header.has(dns::flag::QR) || header.qdcount != 1) return std::nullopt;
  const auto name_end = dns::skip_name(message, dns::kHeaderSize);
  if (!name_end || *name_end + 4 > message.size()) return std::nullopt;
  const auto kept = message.first(*name_end + 4);
  Message out(kept.begin(), kept.end());
  dns::put16(out, 2, header.flags | dns::flag::TC);
  for (const std::size_t count : {6U, 8U, 10U}) dns::put16(out, count, 0);
  return out;
}

}  // namespace

std::optional<std::uint16_t> Outstanding::add(runtime::Random& random, const Question& question,
                                              Completion& done) {
  if (waiting_.size() >= limit_) return std::nullopt;
  // The table is never more than a sixteenth full: 32 draws all taken is a chance of 2^-128.
  for (int draw = 0; draw < 32; ++draw) {
    const auto id = static_cast<std::uint16_t>(random.below(0x10000));
    if (waiting_.try_emplace(id, Waiting{question, &done}).second) return id;
  }
  return std::nullopt;
}

Outstanding::Match Outstanding::deliver(dns::Bytes message, bool cut, Protocol protocol) {
  if (message.size() < dns::kHeaderSize) return Match::foreign;
  const auto found = waiting_.find(dns::get16(message, 0));
  if (found == waiting_.end()) return Match::foreign;
  const Question question = found->second.question;

  Response response{{message.begin(), message.end()}, {}, protocol};
  auto info = dns::examine_response(response.message, question.name, question.type, question.cls);
  const bool truncated = cut || dns::read_header(message).has(dns::flag::TC);
  if (truncated && (cut || (!info && info.error() == dns::ResponseFault::malformed))) {
    auto kept = keep_question(message);
    if (!kept) return Match::malformed;
    response.message = std::move(*kept);
    info = dns::examine_response(response.message, question.name, question.type, question.cls);
  }
  if (!info) return info.error() == dns::ResponseFault::malformed ? Match::malformed : Match::foreign;
  response.info = *info;
  Completion* const done = found->second.done;
  waiting_.erase(found);
  done->deliver(std::move(response));
  return Match::delivered;
}

void Outstanding::remove(std::uint16_t id, const Completion& done) noexcept {
  const auto found = waiting_.find(id);
  if (found != waiting_.end() && found->second.done == &done) waiting_.erase(found);
}

void Outstanding::fail(std::uint16_t id, const ExchangeError& error) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Completion* const done = found->second.done;
  waiting_.erase(found);
  done->deliver(std::unexpected(error));
}

void Outstanding::fail_all(const ExchangeError& error) {
  const auto failed = std::exchange(waiting_, {});
  for (const auto& [id, query] : failed) query.done->deliver(std::unexpected(error));
}

}  // namespace nld::upstream
