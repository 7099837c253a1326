// SQLite, as found by the system's package manager.
#pragma once
#include <sqlite3.h>
