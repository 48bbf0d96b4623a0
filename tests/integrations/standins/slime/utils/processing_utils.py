class Tokenizer:
    def apply_chat_template(self, messages, tokenize, add_generation_prompt, **options):
        assert not tokenize and add_generation_prompt
        return "".join(f"<{message['role']}>{message['content']}" for message in messages) + "<assistant>"


def load_tokenizer(name, trust_remote_code):
    return Tokenizer()
