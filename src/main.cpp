// The program: all of it is in cli/.
#include "cli/command.hpp"

int main(int count, char** arguments) {
  return nld::cli::run(count, arguments);
}
