export { startTwilioStandIn, type TwilioStandIn } from '../carriers/twilio/testing/twilio-stand-in.ts';
