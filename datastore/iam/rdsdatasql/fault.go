package rdsdatasql

import (
	"errors"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqlstate"
)

// Fault implements [sqldb.Connector]. The rules of package iam have sent again what
// only the service was in the way of; what the database says is read here.
func (c *connector) Fault(err error) sqldb.Fault {
	own, ok := errors.AsType[*datastore.Error](err)
	if !ok {
		return sqldb.Fault{Kind: datastore.ErrUnavailable}
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if f, told := c.told(api); told {
			return f
		}
	}
	f := sqldb.Fault{Kind: own.Kind, Code: own.Code, Text: own.Kind.Error()}
	if own.Err != nil {
		f.Text = own.Err.Error()
	}
	if own.Kind == datastore.ErrUnknown {
		f.Kind, f.Lost = datastore.ErrUnavailable, true
	}
	return f
}

// special are the Data API's own errors, by what they mean. What is not here means
// what its HTTP status says.
//
// See https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html
var special = map[string]sqldb.Fault{
	"StatementTimeoutException":       {Kind: datastore.ErrUnavailable, Ended: true},
	"UnsupportedResultException":      {Kind: datastore.ErrDeclaration, Text: "the result has a type that the Data API cannot answer, or is too large"},
	"InvalidSecretException":          {Kind: datastore.ErrDenied},
	"SecretsErrorException":           {Kind: datastore.ErrDenied},
	"NotFoundException":               {Kind: datastore.ErrDeclaration, Text: "there is no such cluster or secret"},
	"DatabaseNotFoundException":       {Kind: datastore.ErrUnavailable, Text: "the cluster has no instance"},
	"HttpEndpointNotEnabledException": {Kind: datastore.ErrDeclaration, Text: "the Data API of the cluster is off; set EnableHttpEndpoint"},
	// It has ended by itself, for a statement that failed or for its time, and left
	// nothing.
	transactionEnded: {Kind: datastore.ErrConflict, Retry: true, Ended: true},
}

const transactionEnded = "TransactionNotFoundException"

// isEnded reports whether the transaction was not there any more.
func isEnded(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == transactionEnded
}

// The codes of the database in a message: "…; SQLState: 23505", and of MySQL also
// "…; Error code: 1062; SQLState: 23000".
var (
	stateIn  = regexp.MustCompile(`SQLState: ([0-9A-Z]{5})`)
	numberIn = regexp.MustCompile(`Error code: ([0-9]{4})`)
)

// told is what the database, or the Data API itself, says of a statement.
func (c *connector) told(api smithy.APIError) (f sqldb.Fault, ok bool) {
	if f, ok := special[api.ErrorCode()]; ok {
		f.Code = api.ErrorCode()
		if f.Text == "" {
			f.Text = "the Data API refused it"
		}
		return f, true
	}
	if code := api.ErrorCode(); code != "DatabaseErrorException" && code != "BadRequestException" {
		return sqldb.Fault{}, false
	}
	message := api.ErrorMessage()
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "response size limit"), strings.Contains(lower, "exceeded size limit"), strings.Contains(lower, "packet for query is too large"):
		return sqldb.Fault{Kind: datastore.ErrTooLarge, Code: api.ErrorCode(), Text: "the rows are more than the Data API answers at once; write LIMIT"}, true
	case strings.Contains(lower, "still running a query"): // of this transaction
		return sqldb.Fault{Kind: datastore.ErrConflict, Code: api.ErrorCode(), Text: "the transaction still runs another statement"}, true
	}
	if n := numberIn.FindStringSubmatch(message); n != nil {
		if f, ok := mysqlNumbers[n[1]]; ok {
			f.Code, f.Text = n[1], textOf(n[1])
			return f, true
		}
	}
	if state := stateIn.FindStringSubmatch(message); state != nil {
		f := sqlstate.Postgres(state[1])
		f.Text, f.Broken = textOf(state[1]), false // there is no connection
		return f, true
	}
	return sqldb.Fault{Kind: datastore.ErrDeclaration, Code: api.ErrorCode(), Text: "the statement was refused"}, true
}

// textOf tells the code alone: the message may have values of the data in it.
func textOf(code string) string { return "the database refused it with " + code }

// mysqlNumbers are errors of MySQL whose SQLSTATE does not say what they mean.
//
// See https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
var mysqlNumbers = map[string]sqldb.Fault{
	"1062": {Kind: datastore.ErrConflict}, // duplicate key
	"1451": {Kind: datastore.ErrConflict}, // foreign keys
	"1452": {Kind: datastore.ErrConflict},
	"1205": {Kind: datastore.ErrConflict, Retry: true, Ended: true}, // waited too long for a lock
	"1213": {Kind: datastore.ErrConflict, Retry: true, Ended: true}, // deadlock
	"3819": {Kind: datastore.ErrInvalid},                            // checks
	"1364": {Kind: datastore.ErrInvalid},
	"1366": {Kind: datastore.ErrInvalid},
	"1265": {Kind: datastore.ErrInvalid},
	"1044": {Kind: datastore.ErrDenied},
	"1142": {Kind: datastore.ErrDenied},
	"1143": {Kind: datastore.ErrDenied},
	"1227": {Kind: datastore.ErrDenied},
	"1792": {Kind: datastore.ErrDenied}, // the transaction is read-only
	"3024": {Kind: datastore.ErrUnavailable},
}
