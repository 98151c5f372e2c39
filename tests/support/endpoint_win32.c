/* SPDX-License-Identifier: MIT */
/*
 * Endpoints of their own on Windows: a pipe name of this process.
 */
#include <windows.h>

#include "support/endpoint.h"

#include <stdio.h>

bool endpoint_make(struct endpoint *endpoint) {
  static unsigned long number;
  endpoint->directory[0] = '\0';
  snprintf(endpoint->text, sizeof endpoint->text, "\\\\.\\pipe\\weir-test-%lu-%lu",
           (unsigned long)GetCurrentProcessId(), ++number);
  return true;
}

void endpoint_remove(struct endpoint *endpoint) { endpoint->text[0] = '\0'; }
