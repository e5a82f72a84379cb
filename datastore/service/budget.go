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

// setBudget tells what is left of ctx.
func setBudget(ctx context.Context, header http.Header) {
	if deadline, ok := ctx.Deadline(); ok {
		header.Set(BudgetHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
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
