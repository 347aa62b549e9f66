// `probe`: is this pod ready? For the kubelet.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/presence.hpp"
#include "cli/command.hpp"

namespace nld::cli {
namespace {

int probe(const std::string& interface) {
  const auto name = agent::agent_of_this_pod(interface);
  if (!name) {
    std::cerr << name.error() << '\n';
    return kFailure;
  }
  const auto text = agent::ask_agent(*name);
  if (!text) {
    std::cerr << text.error() << '\n';
    return kFailure;
  }
  const nlohmann::json report = nlohmann::json::parse(*text, nullptr, false);
  if (!report.is_object() || !report.contains("ready") || !report.contains("missing")) {
    std::cerr << "the agent's report cannot be read: another version?\n";
    return kFailure;
  }
  for (const nlohmann::json& missing : report["missing"]) std::cerr << missing.get<std::string>() << '\n';
  if (report["ready"] == true) std::cout << "ok\n";
  return report["ready"] == true ? kSuccess : kFailure;
}

}  // namespace

void add_probe(CLI::App& program, int& exit_code) {
  auto interface = std::make_shared<std::string>("nodelocaldns");
  CLI::App* command = program.add_subcommand(
      "probe",
      "Ask the agent of this pod, and no other, whether rules, interface and DNS server are in order.");
  command->add_option("--interfacename", *interface, "The interface that the agent was given.")
      ->type_name("NAME")
      ->capture_default_str();
  command->footer(
      "Exit code: 0 ready; 1 not, with what is missing on standard error. For a startup probe: two pods of a "
      "rolling\nupdate share addresses and ports, so an HTTP probe may be answered by the other one.");
  command->callback([interface, &exit_code] { exit_code = probe(*interface); });
}

}  // namespace nld::cli
