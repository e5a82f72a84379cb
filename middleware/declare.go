package middleware

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// misdeclared panics with a mistake in the declaration of a middleware, at the line of the
// application, as [datastore.Use] does.
func misdeclared(format string, args ...any) {
	panic(&datastore.DeclarationError{At: datastore.Caller(), Message: "middleware." + fmt.Sprintf(format, args...)})
}
