// The walk along a chain: order, waiting, observers, an end without an answer.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "pipeline/plugin.hpp"
#include "runtime/task.hpp"

namespace nld::pipeline {
namespace {

namespace asio = boost::asio;

struct Probe final : Plugin {
  Probe(std::vector<std::string>& its_trace, std::string its_name, Verdict its_verdict, bool watches = false)
      : trace(its_trace), label(std::move(its_name)), verdict(its_verdict), watching(watches) {}
  [[nodiscard]] std::string_view name() const noexcept override { return label; }
  Verdict handle(Request&, Reply& reply) override {
    trace.push_back(label);
    if (verdict == Verdict::answered) reply.plugin = label;
    return verdict;
  }
  runtime::Task<void> resolve(Request& request, Reply& reply, Next next) override {
    trace.push_back(label + " waits, then " + std::string(next.name()));
    co_await next(request, reply);
  }
  [[nodiscard]] bool observes() const noexcept override { return watching; }
  void observe(const Request&, const Reply&, const Outcome&) override { trace.push_back("seen by " + label); }

  std::vector<std::string>& trace;
  std::string label;
  Verdict verdict;
  bool watching;
};

class Walk : public testing::Test {
 protected:
  std::unique_ptr<Plugin> plugin(const char* name, Verdict verdict, bool watches = false) {
    return std::make_unique<Probe>(trace_, name, verdict, watches);
  }
  std::shared_ptr<const Chain> chain(std::unique_ptr<Plugin> a, std::unique_ptr<Plugin> b,
                                     std::unique_ptr<Plugin> c) {
    std::vector<std::unique_ptr<Plugin>> all;
    for (auto* one : {&a, &b, &c}) all.push_back(std::move(*one));
    return Chain::build(std::move(all));
  }
  std::vector<std::string> trace_;
  Request request_;
  Reply reply_;
};

TEST_F(Walk, StopsAtTheFirstAnswer) {
  const auto made =
      chain(plugin("a", Verdict::pass), plugin("b", Verdict::answered), plugin("c", Verdict::pass));
  EXPECT_EQ(made->handle(request_, reply_).verdict, Verdict::answered);
  EXPECT_EQ(trace_, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reply_.plugin, "b");
}

TEST_F(Walk, GoesOnBehindTheOneThatWaits) {
  const auto made =
      chain(plugin("a", Verdict::pass), plugin("b", Verdict::wait), plugin("c", Verdict::answered));
  const Chain::Step step = made->handle(request_, reply_);
  ASSERT_EQ(step.verdict, Verdict::wait);
  runtime::start(made->resolve(request_, reply_, step.at));
  EXPECT_EQ(trace_, (std::vector<std::string>{"a", "b", "b waits, then c", "c"}));
  EXPECT_EQ(reply_.plugin, "c");
}

TEST_F(Walk, NobodyAnswers) {
  const auto made = chain(plugin("a", Verdict::pass), plugin("b", Verdict::pass), plugin("c", Verdict::pass));
  EXPECT_EQ(made->handle(request_, reply_).verdict, Verdict::answered);
  EXPECT_EQ(reply_.rcode, dns::Rcode::SERVFAIL);
  EXPECT_EQ(reply_.error, "no next plugin found");
}

TEST_F(Walk, ObserversFromTheInside) {
  const auto made = chain(plugin("a", Verdict::pass, true), plugin("b", Verdict::pass),
                          plugin("c", Verdict::answered, true));
  made->observe(request_, reply_, {});
  EXPECT_EQ(trace_, (std::vector<std::string>{"seen by c", "seen by a"}));
}

}  // namespace
}  // namespace nld::pipeline
