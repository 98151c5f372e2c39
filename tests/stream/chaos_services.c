/* SPDX-License-Identifier: MIT */
/* Look-ups and work: each calls back exactly once, or not at all when it was cancelled. */
#include "stream/chaos.h"

/* ---- names ---- */

static weir_address make_address(const char *text) {
  weir_address address;
  assert_int_equal(weir_address_make(text, 0, &address), WEIR_OK);
  return address;
}

void make_names(struct chaos *chaos) {
  weir_address silent = make_address("192.0.2.2");
  weir_address slow[] = {make_address("192.0.2.2"), make_address("::1"), make_address("127.0.0.1")};
  weir_address fast[] = {make_address("127.0.0.2"), make_address("127.0.0.1"), make_address("192.0.2.1"),
                         make_address("127.0.0.66")};
  assert_int_equal(weir_sim_set_unreachable(chaos->sim, &silent, true), WEIR_OK);
  assert_int_equal(weir_sim_add_host(chaos->sim, "slow.example", slow, 3, 40), WEIR_OK);
  assert_int_equal(weir_sim_add_host(chaos->sim, "fast.example", fast, 4, 0), WEIR_OK);
  assert_int_equal(weir_sim_add_host(chaos->sim, "none.example", NULL, 0, 10), WEIR_OK);
}

/* ---- look-ups ---- */

static void hear_lookup(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                        void *user) {
  struct promise *promise = user;
  struct chaos *chaos = promise->chaos;
  note(chaos, "  look-up %llu: %zu addresses, %s", (unsigned long long)promise->order, count,
       error == NULL ? "OK" : weir_code_name(error->code));
  keep_promise(promise);
  if (lookup != promise->lookup) blame(chaos, "another look-up");
  if ((error == NULL) != (count > 0)) blame(chaos, "addresses or an error");
  for (size_t i = 0; i < count; i++) {
    if (promise->family != WEIR_FAMILY_NONE && addresses[i].family != promise->family) blame(chaos, "another family");
    if (addresses[i].port != WEIR_NO_PORT) blame(chaos, "a look-up that brings a port");
  }
  act(chaos, 2);
}

void start_lookup(struct chaos *chaos) {
  static const char *const names[] = {"localhost", "slow.example", "fast.example", "none.example",
                                      "127.0.0.1", "::1",          "nobody",       ""};
  static const weir_family families[] = {WEIR_FAMILY_NONE, WEIR_FAMILY_NONE, WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV6};
  struct promise *promise = promise_callback(chaos);
  if (promise == NULL) return;
  size_t loop = draw(chaos, chaos->loop_count);
  const char *name = names[draw(chaos, sizeof names / sizeof names[0])];
  promise->family = families[draw(chaos, 4)];
  weir_code code = weir_lookup_start(chaos->loops[loop], name, promise->family, hear_lookup, promise, &promise->lookup);
  promise->is_due = code == WEIR_OK;
  note(chaos, "loop %zu: look-up %llu of %s, %s", loop, (unsigned long long)promise->order, name, weir_code_name(code));
}

/* ---- a resolver of the program ---- */

static void answer(struct chaos *chaos, weir_lookup_question *question) {
  static const char *const texts[] = {"127.0.0.1", "::1", "127.0.0.2", "192.0.2.2"};
  weir_address addresses[3];
  size_t count = draw(chaos, 4);
  for (size_t i = 0; i < count; i++) addresses[i] = make_address(texts[draw(chaos, 4)]);
  if (count > 0 && one_in(chaos, 8)) addresses[0].family = WEIR_FAMILY_NONE;
  weir_code code = one_in(chaos, 4) ? WEIR_ENOTFOUND : WEIR_OK;
  note(chaos, "a question is answered with %zu addresses, %s", count, weir_code_name(code));
  weir_lookup_answer(question, code, addresses, count);
}

void resolve(weir_lookup_question *question, const char *host, weir_family family, void *user) {
  struct chaos *chaos = user;
  note(chaos, "  a question: %s", host);
  (void)family;
  hear(chaos);
  if (chaos->is_ending || chaos->question_count == QUESTIONS_MAX || one_in(chaos, 2)) {
    answer(chaos, question);
  } else {
    chaos->questions[chaos->question_count++] = question;
  }
  act(chaos, 2);
}

void answer_question(struct chaos *chaos) {
  if (chaos->question_count == 0) return;
  size_t index = draw(chaos, chaos->question_count);
  weir_lookup_question *question = chaos->questions[index];
  chaos->questions[index] = chaos->questions[--chaos->question_count];
  answer(chaos, question);
}

void answer_all(struct chaos *chaos) {
  while (chaos->question_count > 0) answer_question(chaos);
}

/* ---- work ---- */

static void do_work(void *user) {
  struct promise *promise = user;
  note(promise->chaos, "  work %llu runs", (unsigned long long)promise->order);
  if (promise->has_run || !promise->is_due || promise->is_refused) blame(promise->chaos, "work that must not run");
  promise->has_run = true;
}

static void hear_work(weir_work *work, weir_code code, void *user) {
  struct promise *promise = user;
  note(promise->chaos, "  work %llu: %s", (unsigned long long)promise->order, weir_code_name(code));
  keep_promise(promise);
  if (work != promise->work) blame(promise->chaos, "other work");
  if (code != (promise->is_refused ? WEIR_ECANCELED : WEIR_OK)) blame(promise->chaos, "work that ends wrongly");
  if (promise->has_run == promise->is_refused) blame(promise->chaos, "work that has not run, or was taken back");
  act(promise->chaos, 2);
}

void queue_work(struct chaos *chaos) {
  struct promise *promise = promise_callback(chaos);
  if (promise == NULL) return;
  size_t loop = draw(chaos, chaos->loop_count);
  promise->is_due = weir_work_queue(chaos->loops[loop], do_work, hear_work, promise, &promise->work) == WEIR_OK;
  note(chaos, "loop %zu: work %llu", loop, (unsigned long long)promise->order);
}

/* ---- taking back ---- */

static void cancel_lookup(struct promise *promise) {
  weir_lookup_cancel(promise->lookup);
  promise->is_due = false;
  note(promise->chaos, "look-up %llu: cancel", (unsigned long long)promise->order);
}

static void cancel_work(struct promise *promise) {
  weir_code code = weir_work_cancel(promise->work);
  note(promise->chaos, "work %llu: cancel, %s", (unsigned long long)promise->order, weir_code_name(code));
  bool is_late = promise->has_run || promise->is_refused;
  if (code != (is_late ? WEIR_EBUSY : WEIR_OK)) blame(promise->chaos, "work is not taken back as it must be");
  promise->is_refused |= code == WEIR_OK;
}

void cancel_service(struct chaos *chaos) {
  if (chaos->promise_count == 0) return;
  struct promise *promise = &chaos->promises[draw(chaos, chaos->promise_count)];
  if (!promise->is_due || promise->is_kept) return;
  if (promise->lookup != NULL) cancel_lookup(promise);
  if (promise->work != NULL) cancel_work(promise);
}
