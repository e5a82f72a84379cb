package service

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// BudgetHeader says how many milliseconds a caller will wait for the answer. It is
// sent with each attempt.
const BudgetHeader = "Tierkit-Budget"

// maxBudget is what is believed at most.
const maxBudget = 24 * time.Hour

// withBudget is a copy of header that tells what is left of ctx.
func withBudget(ctx context.Context, header http.Header) http.Header {
	fields := 1
	for _, values := range header {
		fields += len(values)
	}
	own, all := make(http.Header, len(header)+1), make([]string, 0, fields) // one piece of memory for the values
	for name, values := range header {
		from := len(all)
		all = append(all, values...)
		own[name] = all[from:len(all):len(all)]
	}
	if deadline, ok := ctx.Deadline(); ok {
		from := len(all)
		all = append(all, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
		own[BudgetHeader] = all[from:]
	}
	return own
}

// Honour has next work within the time that callers say they will wait: the
// context of its requests ends then. Requests without [BudgetHeader], or with one
// that is no positive number of milliseconds, pass as they are.
func Honour(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.ParseInt(r.Header.Get(BudgetHeader), 10, 64)
		if err != nil || ms <= 0 || ms > maxBudget.Milliseconds() {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), time.Duration(ms)*time.Millisecond)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
