/* SPDX-License-Identifier: MIT */
#include "common/service/question.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/loop/loop.h"
#include "common/service/lookup.h"

struct weir_lookup_question {
  weir_loop *loop;
  weir_lookup *lookup; /* NULL: nobody waits */
  bool asked;          /* the program has it */
  char host[];
};

static void free_question(weir_lookup_question *question) {
  weir_loop *loop = question->loop;
  memory_put(&loop->allocator, question);
  loop_dependent_gone(loop);
}

weir_lookup_question *question_create(weir_loop *loop, weir_lookup *lookup, const char *host, size_t length) {
  weir_lookup_question *question = memory_get_zeroed(&loop->allocator, sizeof *question + length + 1);
  if (question == NULL) return NULL;
  question->loop = loop;
  question->lookup = lookup;
  memcpy(question->host, host, length);
  loop_dependent_came(loop);
  return question;
}

void question_ask(weir_lookup_question *question, weir_family family, weir_resolver resolver, void *resolver_user) {
  question->asked = true;
  resolver(question, question->host, family, resolver_user);
}

void question_abandon(weir_lookup_question *question) {
  question->lookup = NULL;
  if (!question->asked) free_question(question);
}

void weir_lookup_answer(weir_lookup_question *question, weir_code code, const weir_address *addresses, size_t count) {
  loop_check_thread(question->loop);
  if (question->lookup != NULL) lookup_answer(question->lookup, code, addresses, count);
  free_question(question);
}
