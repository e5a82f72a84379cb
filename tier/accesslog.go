package tier

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// AccessLog has API Gateway write a line of JSON for each request, also for those
// that it refuses itself, into a log group of the API's own. A line says what was
// asked (the route, not the path with its values), what was answered, how long it
// took, and what went wrong. It has no headers, query, body or caller.
//
// REST and WebSocket APIs write with a role that is a setting of API Gateway for the
// whole account and Region. Whoever looks after the account sets it once; a stack that
// made it would take it from all others when it goes. Without it AWS refuses the stage.
// HTTP APIs need none.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html.
type AccessLog struct {
	// Days that lines are kept: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400,
	// 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. Default 30.
	// See https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html.
	Days int
	// Client adds the address and the User-Agent of clients, which are personal data
	// in many places.
	Client bool
}

// retentions are the days that a log group can keep lines.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// defaultRetention is how many days lines are kept that nothing else is said of.
const defaultRetention = 30

// DeclaredAccessLog is an [AccessLog] with its defaults, and where it was declared.
type DeclaredAccessLog struct {
	AccessLog
	At datastore.Position
}

// declare completes the log in its place, or says what is wrong with it.
func (l AccessLog) declare(at datastore.Position, place **DeclaredAccessLog) error {
	if l.Days == 0 {
		l.Days = defaultRetention
	}
	switch {
	case *place != nil:
		return fmt.Errorf("its access log is declared already at %s; declare it once", (*place).At)
	case !slices.Contains(retentions, l.Days):
		return fmt.Errorf("an access log that is kept for %d days; write one of %v", l.Days, retentions)
	}
	*place = &DeclaredAccessLog{l, at}
	return nil
}

// AccessLog has API Gateway write a line for each request of the API. The URL of a
// function goes past it.
func (api *API) AccessLog(l AccessLog) {
	at := datastore.Caller()
	if err := l.declare(at, &api.accessLog); err != nil {
		api.app.fail(at, "API %s: %v", api.name, err)
	}
}

// DeclaredAccessLog is what [API.AccessLog] declared, nil if nothing was.
func (api *API) DeclaredAccessLog() *DeclaredAccessLog { return api.accessLog }

// AccessLog has API Gateway write a line for each event of the WebSocket API: a
// handshake, a message, the end of a connection.
func (w *WebSocket) AccessLog(l AccessLog) {
	at := datastore.Caller()
	if err := l.declare(at, &w.accessLog); err != nil {
		w.app.fail(at, "WebSocket API %s: %v", w.name, err)
	}
}

// DeclaredAccessLog is what [WebSocket.AccessLog] declared, nil if nothing was.
func (w *WebSocket) DeclaredAccessLog() *DeclaredAccessLog { return w.accessLog }
