package template

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// logField is one member of a line of an access log: its name, and the variable of
// $context that is its value.
type logField struct{ name, variable string }

// The fields of lines. All variables exist in the kind of API that they are written
// for; one without a value is "-". The path of a request is not among them, because it
// has the values of its parameters.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html.
var (
	restLine   = []logField{{"httpMethod", "httpMethod"}, {"resourcePath", "resourcePath"}, {"protocol", "protocol"}, {"responseLength", "responseLength"}, {"responseLatency", "responseLatency"}}
	httpLine   = []logField{{"httpMethod", "httpMethod"}, {"routeKey", "routeKey"}, {"protocol", "protocol"}, {"responseLength", "responseLength"}, {"responseLatency", "responseLatency"}}
	socketLine = []logField{{"eventType", "eventType"}, {"routeKey", "routeKey"}, {"connectionId", "connectionId"}, {"messageId", "messageId"}}
)

// logFormat is the format of a log's lines: a JSON object whose values are texts,
// because a variable without a value is no JSON.
func logFormat(l *tier.DeclaredAccessLog, of []logField) string {
	fields := append([]logField{{"requestId", "requestId"}, {"requestTime", "requestTime"}, {"stage", "stage"}}, of...)
	fields = append(fields,
		logField{"status", "status"},
		logField{"integrationStatus", "integrationStatus"},
		logField{"integrationLatency", "integrationLatency"},
		logField{"integrationError", "integrationErrorMessage"},
		logField{"error", "error.message"},
		logField{"errorType", "error.responseType"},
		logField{"authorizerError", "authorizer.error"},
	)
	if l.Client {
		fields = append(fields, logField{"ip", "identity.sourceIp"}, logField{"userAgent", "identity.userAgent"})
	}
	members := make([]string, len(fields))
	for i, f := range fields {
		members[i] = `"` + f.name + `":"$context.` + f.variable + `"`
	}
	return "{" + strings.Join(members, ",") + "}"
}

// accessLog adds the log group of an API and returns the property of its stages, which
// the two versions of API Gateway's interface name differently; none without a log. Its name begins with /aws/vendedlogs/, so that HTTP APIs do not use up
// the resource policy of the account's logs.
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html.
func (s *stack) accessLog(l *tier.DeclaredAccessLog, apiID, property string, of []logField) object {
	if l == nil {
		return nil
	}
	id := apiID + "AccessLog"
	s.add(resource{
		id: id, typ: "AWS::Logs::LogGroup", at: l.At,
		attributes: object{{"DeletionPolicy", "Delete"}, {"UpdateReplacePolicy", "Delete"}},
		properties: object{
			{"LogGroupName", sub("/aws/vendedlogs/apigateway/${AWS::StackName}/" + apiID)},
			{"RetentionInDays", l.Days},
		},
	})
	return object{{property, object{
		// Without the ":*" that the attribute Arn ends in, which API Gateway leaves out.
		{"DestinationArn", sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${" + id + "}")},
		{"Format", logFormat(l, of)},
	}}}
}
